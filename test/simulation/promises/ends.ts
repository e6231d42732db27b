/** What must be true of the store when nothing is left to do: every delivery has ended, and for a reason that holds. */
import type { EventId, HookId, UserId } from "@trulinks/protocol";
import { holds } from "../../../packages/server/src/webhooks/filter.ts";
import type { Hook } from "../../../packages/server/src/webhooks/hook.ts";
import type { EventRequest } from "../../../packages/server/src/webhooks/publish.ts";
import type { Delivery, WebhookStore } from "../../../packages/server/src/webhooks/store.ts";
import type { History } from "../history.ts";
import { listAll } from "../list-all.ts";
import type { Expiry } from "./expiry.ts";
import type { Granted } from "./granted.ts";
import type { Once } from "./once.ts";

export interface EndDeps {
  readonly store: Pick<WebhookStore, "listDeliveries">;
  readonly history: History;
  readonly once: Once;
  readonly granted: Granted;
  readonly expiry: Expiry;
  readonly retries: number;
  readonly hooks: ReadonlyMap<HookId, Hook>;
  /** Hooks whose receiver has said 410. */
  readonly goneHooks: ReadonlySet<HookId>;
  /** Events that were answered with 202, and how many deliveries the answer named. */
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly published: ReadonlyMap<string, EventRequest>;
}

/** Says how many deliveries ended how. */
export async function checkEnds(deps: EndDeps): Promise<Readonly<Record<string, number>>> {
  const deliveries = await listAll(deps.store, {});
  const byHook = Map.groupBy(deliveries, ({ hookId }) => hookId);
  const byEvent = Map.groupBy(deliveries, ({ eventId }) => eventId);
  for (const delivery of deliveries) checkEnd(deps, delivery, byHook.get(delivery.hookId) ?? []);
  for (const [hookId, ofHook] of byHook) checkNumbers(deps, hookId, ofHook);
  for (const [eventId, count] of deps.acknowledged) {
    checkEvent(deps, { eventId, count, ofEvent: byEvent.get(eventId as EventId) ?? [] });
  }
  const states: Record<string, number> = {};
  for (const { state } of deliveries) states[state] = (states[state] ?? 0) + 1;
  return states;
}

function checkEnd(deps: EndDeps, delivery: Delivery, ofHook: readonly Delivery[]): void {
  const { history } = deps;
  const { id, state, attempts } = delivery;
  if (attempts.some(({ number }, index) => number !== index + 1)) {
    history.broken(`${id} has attempts with holes between`);
  }
  if (state === "waiting") history.broken(`${id} neither arrived nor ended`);
  else if (!hasReason(deps, delivery, ofHook)) history.broken(`${id} is ${state} for no reason`);
}

function hasReason(deps: EndDeps, delivery: Delivery, ofHook: readonly Delivery[]): boolean {
  const { id, state, attempts, hookId, userId, hookOwner } = delivery;
  const last = attempts.at(-1)?.outcome;
  switch (state) {
    case "delivered":
      return deps.once.wasAccepted(id) && last === "accepted";
    case "rejected":
      return last === "rejected";
    case "failed":
      return deps.goneHooks.has(hookId) || attempts.length > deps.retries || isLastPing(delivery);
    case "expired":
      // Whether it was time is looked at when it happens: see `expiry.ts`.
      return delivery.expiresAtMs !== null || deps.expiry.wasTrimmed(id);
    case "replaced":
      return ofHook.some((other) => isNewerOfKey(deps, other, delivery));
    case "revoked":
      return (
        hookOwner.kind === "app" && userId !== null && deps.granted.wasEverRevoked(userId, hookOwner.appId)
      );
    case "waiting":
      return false;
    default:
      return state satisfies never;
  }
}

/** A ping is asked for a day only, however often. */
const isLastPing = ({ sequence, attempts }: Delivery) => sequence === null && attempts.length > 0;

function isNewerOfKey({ published }: EndDeps, other: Delivery, delivery: Delivery): boolean {
  const keyOf = ({ eventId }: Delivery) => published.get(eventId)?.key ?? null;
  const isSame = keyOf(delivery) !== null && keyOf(other) === keyOf(delivery);
  return isSame && other.userId === delivery.userId && (other.sequence ?? 0) > (delivery.sequence ?? 0);
}

function checkNumbers({ history }: EndDeps, hookId: HookId, ofHook: readonly Delivery[]): void {
  const numbers = ofHook.flatMap(({ sequence }) => sequence ?? []).sort((left, right) => left - right);
  if (numbers.some((number, index) => number !== index + 1)) {
    history.broken(`the numbers of ${hookId} have holes: ${numbers.join(" ")}`);
  }
}

function checkEvent(
  deps: EndDeps,
  {
    eventId,
    count,
    ofEvent,
  }: { readonly eventId: string; readonly count: number; readonly ofEvent: readonly Delivery[] },
): void {
  const { history, hooks, goneHooks } = deps;
  if (ofEvent.length !== count) {
    history.broken(`${eventId} was acknowledged with ${count} deliveries and has ${ofEvent.length}`);
  }
  const event = deps.published.get(eventId);
  if (event === undefined) throw new Error(`${eventId} was acknowledged and never published`);
  for (const hook of hooks.values()) {
    const found = ofEvent.filter(({ hookId }) => hookId === hook.id);
    const isFor = holds(hook.filter, event.data);
    if (!isFor && found.length > 0)
      history.broken(`${eventId} went to ${hook.id}, whose filter does not hold`);
    if (hook.owner.kind !== "user" || goneHooks.has(hook.id)) continue;
    const isOwners = event.users.includes(hook.owner.userId as UserId);
    if (found.length !== (isFor && isOwners ? 1 : 0)) {
      history.broken(`${eventId} makes ${found.length} deliveries for ${hook.id}`);
    }
  }
}
