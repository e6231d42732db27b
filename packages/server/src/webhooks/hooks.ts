/** Hooks are made, changed, pinged and removed here, whoever asks. */
import {
  type EventId,
  type HookId,
  ID_CHANCE_BYTES,
  makeId,
  type Policy,
  type UserId,
} from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { type AddressPolicy, isSameReceiver } from "./addresses.ts";
import type { HealthFact } from "./fact.ts";
import type { FilterCondition } from "./filter.ts";
import { isResumable } from "./health.ts";
import { tellResumed } from "./health-notes.ts";
import { HOOK_IN_FLIGHT_MAX, HOOKS_PER_OWNER_MAX, type Hook, type HookOwner, SOUND } from "./hook.ts";
import { judgeChange, judgeRequest } from "./hook-request.ts";
import { createHookSecrets, type LiveSecret, makeSecret, seal } from "./hook-secrets.ts";
import { createKnocks, type Knocked, type Knocks } from "./knocks.ts";
import { makePing } from "./ping.ts";
import type { Keyring } from "./signing-secrets.ts";
import type { HookChange, Knock, WebhookStore } from "./store.ts";

/** What a hook may be made with; all but `owner`, `url` and `events` has a default. */
export interface HookRequest {
  readonly owner: HookOwner;
  readonly url: string;
  readonly events: readonly string[];
  /** `whsec_…` for standard signatures, 1 to 256 visible ASCII characters for GitHub's; made if left out. */
  readonly secret?: Secret;
  readonly secretPer?: "user" | "hook";
  readonly signature?: "standard" | "github";
  readonly verifyTls?: boolean;
  readonly ca?: string;
  readonly ackDeadlineMs?: number;
  readonly retries?: "default" | "none";
  readonly inFlightMax?: number;
  readonly filter?: readonly FilterCondition[];
  readonly include?: readonly string[] | null;
  readonly serial?: boolean;
}

/** The operator's hooks start active; an integrator's start pending, with a signed ping under way. */
export type Maker = "operator" | "integrator";

/** A member of the request that cannot be; `member` is its name on the wire, such as `url`. */
export interface HookFlaw {
  readonly kind: "flawed";
  readonly member: string;
  /** What is wrong and what was expected; never echoes a secret. */
  readonly message: string;
}

export type HookCreated =
  | { readonly kind: "made"; readonly hook: Hook; readonly secret: Secret }
  | HookFlaw
  | { readonly kind: "unknown-owner" }
  | { readonly kind: "too-many" }
  | { readonly kind: "too-many-pending" }
  | TooOften;

export type HookChanged =
  | { readonly kind: "changed"; readonly hook: Hook }
  | HookFlaw
  | { readonly kind: "unknown-hook" }
  | { readonly kind: "too-many-pending" }
  | TooOften;

export type Pinged =
  | { readonly kind: "pinged"; readonly eventId: EventId }
  | { readonly kind: "unknown-hook" }
  /** Its receiver is gone (410). */
  | { readonly kind: "disabled" }
  | TooOften;

/** Only an integrator is told so: its pending hooks have called at receivers as often as they may. */
export type TooOften = Extract<Knocked, { kind: "too-often" }>;

/** What can be done with hooks. Whether the caller may is asked before, elsewhere. */
export interface Hooks {
  create(request: HookRequest, by: Maker): Promise<HookCreated>;
  /**
   * An integrator cannot lift `pending`: only a receiver that answers the ping can. One that leads its hook to another
   * receiver makes it pending again, with a ping under way.
   */
  change(id: HookId, change: HookChange, by: Maker): Promise<HookChanged>;
  /** False: no such hook. */
  remove(id: HookId): Promise<boolean>;
  ping(id: HookId, by: Maker): Promise<Pinged>;
  /** The new secret, this once; the old one signs beside it for 24 h. Null: no such hook. */
  rotateSecret(id: HookId): Promise<Secret | null>;
  /** One user's live secrets for an app's hook, newest first. Null: not served by this hook. */
  readUserSecret(id: HookId, userId: UserId): Promise<readonly LiveSecret[] | null>;
  rotateUserSecret(id: HookId, userId: UserId): Promise<readonly LiveSecret[] | null>;
}

export interface HooksDeps {
  readonly store: Pick<
    WebhookStore,
    | "createHook"
    | "findHook"
    | "changeHook"
    | "deleteHook"
    | "ping"
    | "rotateSecret"
    | "findUserSecret"
    | "rotateUserSecret"
  >;
  readonly keyring: Keyring;
  readonly clock: Pick<Clock, "now">;
  readonly dice: Pick<Dice, "bytes">;
  readonly addresses: AddressPolicy;
  readonly policy: () => Pick<
    Policy["webhooks"],
    "ack_deadline_ms" | "pending_per_host_max" | "challenge" | "release_per_s"
  >;
  readonly log: Pick<Log, "warn" | "info">;
  readonly onFact?: (fact: HealthFact) => void;
  /** Tells the sender that something may be due. */
  readonly wake: () => void;
  /** Tells the sender that what it has leased may no longer be as it was. */
  readonly recall: () => void;
}

export function createHooks(given: HooksDeps): Hooks {
  const deps = { ...given, knocks: createKnocks(given.clock) };
  return {
    create: (request, by) => createHook(deps, request, by),
    change: (id, change, by) => changeHook(deps, id, change, by),
    async remove(id) {
      const isRemoved = await deps.store.deleteHook(id, deps.clock.now());
      if (isRemoved) deps.recall();
      return isRemoved;
    },
    ping: (id, by) => ping(deps, id, by),
    ...createHookSecrets(deps),
  };
}

type KnockingDeps = HooksDeps & { readonly knocks: Knocks };

const FREE: Knocked = { kind: "free" };

async function createHook(deps: KnockingDeps, request: HookRequest, by: Maker): Promise<HookCreated> {
  const flaw = judgeRequest(deps.addresses, request);
  if (flaw !== null) return flaw;
  const knocked = by === "integrator" ? deps.knocks.take(request.owner) : FREE;
  if (knocked.kind === "too-often") return knocked;

  const nowMs = deps.clock.now();
  const { owner, url, events, signature = "standard" } = request;
  const hook: Hook = {
    id: makeId("hook", nowMs, deps.dice.bytes(ID_CHANCE_BYTES)),
    owner,
    url,
    events,
    secretPer: request.secretPer ?? (owner.kind === "app" && signature === "standard" ? "user" : "hook"),
    signature,
    verifyTls: request.verifyTls ?? true,
    ca: request.ca ?? null,
    ackDeadlineMs: request.ackDeadlineMs ?? deps.policy().ack_deadline_ms,
    retries: request.retries ?? "default",
    inFlightMax: request.inFlightMax ?? HOOK_IN_FLIGHT_MAX,
    filter: request.filter ?? [],
    include: request.include ?? null,
    serial: request.serial ?? false,
    state: by === "operator" ? "active" : "pending",
    health: SOUND,
    createdAtMs: nowMs,
  };
  const secret = request.secret ?? makeSecret(deps, signature);
  const made = await deps.store.createHook(hook, seal(deps, hook.id, secret), {
    ownedMax: HOOKS_PER_OWNER_MAX,
    knock: by === "operator" ? null : knockAt(deps),
  });
  if (made.kind !== "made") return made;
  warnIfUnverified(deps, made.hook);
  if (by === "integrator") deps.wake();
  return { kind: "made", hook: made.hook, secret };
}

async function changeHook(
  deps: KnockingDeps,
  id: HookId,
  change: HookChange,
  by: Maker,
): Promise<HookChanged> {
  const hook = await deps.store.findHook(id);
  if (hook === null) return { kind: "unknown-hook" };
  const isMoved = by === "integrator" && change.url !== undefined && !isSameReceiver(hook.url, change.url);
  const flaw = judgeChange(deps.addresses, hook, change, { by, isMoved });
  if (flaw !== null) return flaw;

  const knocked = isMoved ? deps.knocks.take(hook.owner) : FREE;
  if (knocked.kind === "too-often") return knocked;

  const knock = isMoved ? knockAt(deps) : null;
  const altered = await deps.store.changeHook(id, paced(deps, change), { nowMs: deps.clock.now(), knock });
  if (altered.kind !== "changed") return altered;
  if (hook.verifyTls) warnIfUnverified(deps, altered.hook);
  if (altered.hook.state === "active" && isResumable(hook.state, hook.health)) tellResumed(deps, hook);
  deps.recall();
  if (knock !== null || altered.hook.state === "active") deps.wake();
  return altered;
}

/** Who does not say how fast has it as the policy says. */
function paced({ policy }: HooksDeps, change: HookChange): HookChange {
  const isToBePaced = change.state === "active" && change.releasePerS === undefined;
  return isToBePaced ? { ...change, releasePerS: policy().release_per_s } : change;
}

async function ping(deps: KnockingDeps, id: HookId, by: Maker): Promise<Pinged> {
  const hook = await deps.store.findHook(id);
  if (hook === null) return { kind: "unknown-hook" };
  const isPending = hook.state === "pending";
  const knocked = isPending && by === "integrator" ? deps.knocks.take(hook.owner) : FREE;
  if (knocked.kind === "too-often") return knocked;

  const made = makePing(deps, { isChallenge: isPending && deps.policy().challenge });
  if (!(await deps.store.ping(id, made))) return { kind: "disabled" };
  deps.wake();
  return { kind: "pinged", eventId: made.eventId };
}

function knockAt(deps: HooksDeps): Knock {
  const { pending_per_host_max, challenge } = deps.policy();
  return { ping: makePing(deps, { isChallenge: challenge }), hostMax: pending_per_host_max };
}

function warnIfUnverified({ log }: HooksDeps, { id, url, verifyTls }: Hook): void {
  if (!verifyTls) log.warn("hook.unverified", { hook: id, host: new URL(url).host });
}
