/** Events that are refused now, and were taken before: the same again has the same answer, whatever its type says by now. */
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Receipt } from "./new-event.ts";
import { type EventRequest, newEvent } from "./publish.ts";
import type { WebhookStore } from "./store.ts";

/** What the same request was answered before; null: it is new, or cannot be recognised for want of an id and a key. */
export type FindAnswered = (requests: readonly EventRequest[]) => Promise<readonly (Receipt | null)[]>;

export interface AnsweredDeps {
  readonly store: Pick<WebhookStore, "ingest">;
  readonly clock: Pick<Clock, "now">;
  readonly dice: Pick<Dice, "bytes">;
}

export function createFindAnswered({ store, clock, dice }: AnsweredDeps): FindAnswered {
  return async (requests) => {
    const nowMs = clock.now();
    // Whoever names nobody has published nothing: what is not the same again is not stored either.
    const events = requests
      .map((request) => ({ ...newEvent(dice, request, nowMs), userIds: [], groupIds: [] }))
      .filter(({ receiptKeys }) => receiptKeys.length > 0);
    if (events.length === 0) return requests.map(() => null);
    const asked = await store.ingest(events, {
      nowMs,
      ...{ countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] },
    });
    const answers = asked.values();
    return requests.map(({ id, idempotencyKey }) => {
      const answer = id === null && idempotencyKey === null ? null : answers.next().value;
      return answer?.kind === "repeated" ? answer.receipt : null;
    });
  };
}
