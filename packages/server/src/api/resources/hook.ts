/** Hooks on the wire, for both APIs. */
import { HEADERS, type HookId, type UserId } from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import type { HookBacklog } from "../../webhooks/backlog-store.ts";
import {
  HOOK_STATES,
  HOOKS_PER_OWNER_MAX,
  type Hook,
  type HookOwner,
  PAUSED_BECAUSE,
} from "../../webhooks/hook.ts";
import type { LiveSecret } from "../../webhooks/hook-secrets.ts";
import type { HookChanged, HookCreated, HookFlaw, Pinged, TooOften } from "../../webhooks/hooks.ts";
import { isSecured } from "../../webhooks/view.ts";
import { flaw, missing, Refusal } from "../problem.ts";
import { closed, Id, nullable, Time, timeOf } from "../schemas.ts";
import { BacklogMember, backlogShape } from "./hook-backlog.ts";
import { Retries, SecretPer, Signature } from "./hook-body.ts";
import { Filter, filterShape, Include } from "./hook-filter.ts";

const members = {
  id: Id,
  user: Type.Optional(Id),
  app: Type.Optional(Id),
  url: Type.String(),
  events: Type.Array(Type.String()),
  filter: Filter,
  include: Include,
  secret_per: SecretPer,
  signature: Signature,
  secured: Type.Boolean({
    description:
      "Whether it is reached by HTTPS with a verified certificate; sensitive fields are masked if not",
  }),
  verify_tls: Type.Boolean(),
  ca: nullable(Type.String()),
  ack_deadline_ms: Type.Integer(),
  retries: Retries,
  serial: Type.Boolean(),
  in_flight_max: Type.Integer(),
  state: Type.Enum([...HOOK_STATES]),
  paused_because: nullable(
    Type.Enum([...PAUSED_BECAUSE], {
      description:
        "`asked`: its owner or the provider paused it. `failing`: the platform did, since its receiver failed for as long as the policy says; a ping that it answers with 2xx makes it active again. Null unless it is paused",
    }),
  ),
  failing_since: nullable({
    ...Time,
    description:
      "Since when no attempt at it has been answered well; null: the last one was, or there was none",
  }),
  created_at: Time,
};

export const HookShape = closed(
  { ...members, backlog: BacklogMember },
  { $id: "Hook", description: "Belongs to a user or to an app" },
);

export const NewHookShape = closed(
  { ...members, secret: Type.String({ description: "The hook's own secret, shown this once" }) },
  { $id: "NewHook" },
);

export const HookSecretShape = closed(
  { secret: Type.String({ description: "Shown this once; the old one signs beside it for 24 h" }) },
  { $id: "HookSecret" },
);

export const UserSecretShape = closed(
  {
    user: Id,
    secret: Type.String({ description: "The newest" }),
    secrets: Type.Array(
      closed({
        secret: Type.String(),
        version: Type.Integer(),
        until: nullable(Time),
      }),
      { description: "Those that sign now, newest first; `until` is null for the newest" },
    ),
  },
  { $id: "UserSecret" },
);

export const PingShape = closed(
  { id: Type.String({ description: "The id of the ping's event" }) },
  { $id: "Ping" },
);

export function hookShape(hook: Hook, backlog: HookBacklog): Static<typeof HookShape> {
  return { ...memberShape(hook), backlog: backlogShape(backlog) };
}

function memberShape(hook: Hook): Omit<Static<typeof HookShape>, "backlog"> {
  return {
    id: hook.id,
    ...(hook.owner.kind === "user" ? { user: hook.owner.userId } : { app: hook.owner.appId }),
    url: hook.url,
    events: [...hook.events],
    filter: filterShape(hook.filter),
    include: hook.include === null ? null : [...hook.include],
    secret_per: hook.secretPer,
    signature: hook.signature,
    secured: isSecured(hook),
    verify_tls: hook.verifyTls,
    ca: hook.ca,
    ack_deadline_ms: hook.ackDeadlineMs,
    retries: hook.retries,
    serial: hook.serial,
    in_flight_max: hook.inFlightMax,
    state: hook.state,
    paused_because: hook.health.pausedBecause,
    failing_since: hook.health.failing === null ? null : timeOf(hook.health.failing.sinceMs),
    created_at: timeOf(hook.createdAtMs),
  };
}

export function userSecretShape(user: UserId, live: readonly LiveSecret[]): Static<typeof UserSecretShape> {
  const secrets = live.map(({ secret, version, untilMs }) => ({
    secret: secret.reveal(),
    version,
    until: untilMs === null ? null : timeOf(untilMs),
  }));
  return { user, secret: secrets[0]?.secret ?? "", secrets };
}

/** The made hook with its secret, or the refusal that says why there is none. */
export function newHookShape(created: HookCreated, owner: HookOwner): Static<typeof NewHookShape> {
  switch (created.kind) {
    case "made":
      return { ...memberShape(created.hook), secret: created.secret.reveal() };
    case "flawed":
      throw flawedHook(created);
    case "unknown-owner":
      throw missing("Hook", owner.kind);
    case "too-many":
      throw new Refusal("too-many", { detail: `An owner has at most ${HOOKS_PER_OWNER_MAX} hooks.` });
    case "too-many-pending":
      throw tooManyPending();
    case "too-often":
      throw tooOften(created);
    default:
      return created satisfies never;
  }
}

/** The changed hook, or the refusal that says why it stays as it is. */
export function changedHook(changed: HookChanged): Hook {
  switch (changed.kind) {
    case "changed":
      return changed.hook;
    case "flawed":
      throw flawedHook(changed);
    case "unknown-hook":
      throw new Refusal("not-found");
    case "too-many-pending":
      throw tooManyPending();
    case "too-often":
      throw tooOften(changed);
    default:
      return changed satisfies never;
  }
}

function flawedHook({ member, message }: HookFlaw): Refusal {
  const error = { resource: "Hook", field: member, code: "invalid", message, pointer: `/${member}` } as const;
  return new Refusal(member === "url" ? "url-refused" : "validation-failed", {
    detail: message,
    errors: [error],
  });
}

/** Why no further hook at that host can wait for its receiver's first answer. */
function tooManyPending(): Refusal {
  const message =
    "As many hooks as the policy allows (webhooks.pending_per_host_max) wait already for a first 2xx from receivers at this host. Let those answer their pings, or delete those that never will.";
  const error = { resource: "Hook", field: "url", code: "unprocessable", message, pointer: "/url" } as const;
  return new Refusal("too-many", { detail: message, errors: [error] });
}

function tooOften({ retryAfterMs }: TooOften): Refusal {
  const headers = { [HEADERS.retryAfter]: String(Math.ceil(retryAfterMs / 1_000)) };
  return new Refusal("too-many-pings", { headers });
}

/** The ping that is under way, or the refusal that says why there is none. */
export function pingShape(pinged: Pinged): Static<typeof PingShape> {
  switch (pinged.kind) {
    case "pinged":
      return { id: pinged.eventId };
    case "unknown-hook":
      throw new Refusal("not-found");
    case "disabled":
      throw unpingable();
    case "too-often":
      throw tooOften(pinged);
    default:
      return pinged satisfies never;
  }
}

function unpingable(): Refusal {
  const message = "The hook is disabled, since its receiver answered 410 Gone. Make it active first.";
  return flaw({ resource: "Hook", field: "state", code: "unprocessable", message });
}

export function hookIdOf(params: { readonly hook: string }): HookId {
  return params.hook as HookId;
}
