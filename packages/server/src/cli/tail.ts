/**
 * Which deliveries have something new to tell: a pure memory over lists that are asked again and again. A line is told of
 * each attempt that failed and of each end.
 */
import type { ShownDelivery } from "./shown-delivery.ts";

/** What a node stores may be listed a moment after what another made later; so much is asked for again. */
export const OVERLAP_MS = 3_000;
/** Waiting deliveries that are asked after one by one; beyond them the oldest is no longer followed. */
export const FOLLOWED_MAX = 10_000;

interface Known {
  readonly attempts: number;
  readonly isEnded: boolean;
  readonly createdAtMs: number;
  /** When a waiting one is asked after next. */
  readonly askAtMs: number;
  /** How long it was not asked after. */
  readonly restMs: number;
}

export interface Tail {
  /** What of these is new, oldest first. */
  take(deliveries: readonly ShownDelivery[], nowMs: number): readonly ShownDelivery[];
  /** From when on lists are asked for. */
  after(): string;
  /** Waiting ones that are to be asked after now, at most `countMax`. */
  due(nowMs: number, countMax: number): readonly string[];
  /** There is no such delivery any more. */
  forget(id: string): void;
}

const REST_MS_MIN = 1_000;
const REST_MS_MAX = 30_000;

/** `startMs`: what was made up to then is told to nobody. */
export function createTail(startMs: number): Tail {
  const known = new Map<string, Known>();
  let newestMs = startMs;

  function note(delivery: ShownDelivery, nowMs: number): boolean {
    const before = known.get(delivery.id);
    const { state, attempts, created_at } = delivery;
    const createdAtMs = Date.parse(created_at);
    newestMs = Math.max(newestMs, createdAtMs);
    const isEnded = state !== "waiting";
    const isNew = attempts.length > (before?.attempts ?? 0) || (isEnded && before?.isEnded !== true);
    const restMs = isNew ? REST_MS_MIN : Math.min(REST_MS_MAX, 2 * (before?.restMs ?? REST_MS_MIN / 2));
    const askAtMs = Math.max(nowMs + restMs, dueMsOf(delivery));
    known.set(delivery.id, { attempts: attempts.length, isEnded, createdAtMs, askAtMs, restMs });
    return isNew;
  }

  function forgetOld(): void {
    let followed = 0;
    // Later ones come last.
    for (const [id, { isEnded, createdAtMs }] of [...known].reverse()) {
      const isListed = createdAtMs >= newestMs - 2 * OVERLAP_MS;
      if (!isEnded) followed += 1;
      if (!isListed && (isEnded || followed > FOLLOWED_MAX)) known.delete(id);
    }
  }

  return {
    take(deliveries, nowMs) {
      const later = deliveries.filter(({ created_at }) => Date.parse(created_at) > startMs);
      const oldestFirst = later.toSorted((one, other) => lastAt(one) - lastAt(other));
      const found = oldestFirst.filter((delivery) => note(delivery, nowMs));
      forgetOld();
      return found;
    },
    after: () => new Date(newestMs - OVERLAP_MS).toISOString(),
    due(nowMs, countMax) {
      const due: string[] = [];
      for (const [id, { isEnded, askAtMs }] of known) {
        if (due.length === countMax) break;
        if (!isEnded && askAtMs <= nowMs) due.push(id);
      }
      return due;
    },
    forget: (id) => void known.delete(id),
  };
}

function dueMsOf({ due_at }: ShownDelivery): number {
  return due_at === null ? 0 : Date.parse(due_at);
}

/** When the last thing happened that is known of it. */
function lastAt({ attempts, created_at }: ShownDelivery): number {
  return Date.parse(attempts.at(-1)?.at ?? created_at);
}
