/** An example of an event type, sent to one hook because somebody wants to see it arrive. */
import {
  type AppId,
  type DeliveryId,
  type EventId,
  type HookId,
  ID_CHANCE_BYTES,
  makeId,
  matchesAny,
} from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import { nearest } from "../base/nearest.ts";
import type { Catalogue } from "./catalogue.ts";
import type { EventTerms, EventType, JsonObject } from "./event-type.ts";
import type { Hook } from "./hook.ts";
import type { WebhookStore } from "./store.ts";
import { isAllowed, type Seen, viewOf } from "./view.ts";

/** Why no example is sent. */
export type Untestable =
  | { readonly kind: "unknown-hook" }
  | { readonly kind: "pending" }
  | { readonly kind: "disabled" }
  /** `near`: the registered type that was most likely meant. */
  | { readonly kind: "unknown-type"; readonly near: string | null }
  | { readonly kind: "no-example" }
  /** The example is not what the type itself says. */
  | { readonly kind: "bad-example" }
  /** The type is none of the hook's patterns. */
  | { readonly kind: "not-wanted" }
  /** The example does not fit the hook's filter. */
  | { readonly kind: "filtered" }
  /** No grant of the hook's app has one of the scopes that the type takes. */
  | { readonly kind: "scopes-lacking" };

export type Tested =
  | { readonly kind: "sent"; readonly eventId: EventId; readonly deliveryId: DeliveryId }
  | Untestable;

export interface TestEvents {
  /** Sends the first example of a registered type. Whether the caller may is asked before, elsewhere. */
  send(hookId: HookId, type: string): Promise<Tested>;
}

export interface TestEventDeps {
  readonly store: Pick<WebhookStore, "findHook" | "ping">;
  readonly catalogue: () => Promise<Catalogue>;
  /** The scopes of the app's first grants, each apart. */
  readonly scopesOf: (appId: AppId) => Promise<readonly (readonly string[])[]>;
  readonly clock: Pick<Clock, "now">;
  readonly dice: Pick<Dice, "bytes">;
  /** Tells the sender that something is due. */
  readonly wake: () => void;
}

export function createTestEvents(deps: TestEventDeps): TestEvents {
  return { send: (hookId, type) => send(deps, hookId, type) };
}

async function send(deps: TestEventDeps, hookId: HookId, type: string): Promise<Tested> {
  const hook = await deps.store.findHook(hookId);
  if (hook === null) return { kind: "unknown-hook" };
  const { eventTypes, judge } = await deps.catalogue();
  const eventType = eventTypes.find((one) => one.type === type);
  if (eventType === undefined) {
    return {
      kind: "unknown-type",
      near: nearest(
        type,
        eventTypes.map((one) => one.type),
      ),
    };
  }
  const [example] = eventType.examples;
  if (example === undefined) return { kind: "no-example" };
  const judged = judge(type, example);
  if (judged.kind !== "good") return { kind: "bad-example" };
  const grants = hook.owner.kind === "app" ? await deps.scopesOf(hook.owner.appId) : null;
  const shown = exampleFor(hook, { eventType, example, terms: judged.terms, grants });
  if (shown.kind !== "seen") return shown;

  const atMs = deps.clock.now();
  const [eventId, deliveryId] = (["event", "delivery"] as const).map((kind) =>
    makeId(kind, atMs, deps.dice.bytes(ID_CHANCE_BYTES)),
  ) as [EventId, DeliveryId];
  const { action, sensitive } = judged.terms;
  const ping = {
    ...{ eventId, deliveryId, atMs, data: JSON.stringify(example) },
    example: { type, action, sensitive, view: shown.view },
  };
  // Between looking and storing the hook may have become pending, too; then it is that.
  if (!(await deps.store.ping(hookId, ping)))
    return { kind: hook.state === "disabled" ? "disabled" : "pending" };
  deps.wake();
  return { kind: "sent", eventId, deliveryId };
}

export interface ExampleFacts {
  readonly eventType: Pick<EventType, "type">;
  readonly example: JsonObject;
  readonly terms: EventTerms;
  /** Of an app's hook: what the grants of the app may see; none yet: as if one had every scope. Null: a user's own hook. */
  readonly grants: readonly (readonly string[])[] | null;
}

/** What the hook would see of such an event; an app's hook as under the first of its grants that sees it. */
export function exampleFor(
  hook: Hook,
  { eventType: { type }, example, terms, grants }: ExampleFacts,
): (Seen & { readonly kind: "seen" }) | Untestable {
  if (hook.state === "disabled" || hook.state === "pending") return { kind: hook.state };
  if (!matchesAny(hook.events, type)) return { kind: "not-wanted" };
  const scopes = scopesFor(terms, grants);
  if (scopes === undefined) return { kind: "scopes-lacking" };
  const seen = viewOf({ type, data: () => example, ...terms }, hook, scopes);
  return seen === null ? { kind: "filtered" } : { kind: "seen", ...seen };
}

/** Undefined: no grant sees it. */
function scopesFor(
  { scopes, fieldScopes }: EventTerms,
  grants: ExampleFacts["grants"],
): readonly string[] | null | undefined {
  if (grants === null) return null;
  if (grants.length === 0) return [...(scopes ?? []), ...fieldScopes.flatMap((field) => field.scopes)];
  return grants.find((granted) => isAllowed(scopes, granted));
}
