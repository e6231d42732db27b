/**
 * The event types that the provider has registered, and what they decide about an event. Kept in memory, and right on
 * every node: what this one changes holds at once, what another one changes after a second at most.
 */

import { fingerprint } from "../base/canonical-json.ts";
import type { Clock } from "../base/clock.ts";
import {
  EVENT_TYPE_VERSIONS_MAX,
  EVENT_TYPES_MAX,
  type EventType,
  type EventTypeDefinition,
} from "./event-type.ts";
import { type EventTypeFlaw, findEventTypeFlaws } from "./event-type-flaws.ts";
import type { EventTypePut, EventTypeStore } from "./event-type-store.ts";
import { createCompiled, type Judge, judgeOf } from "./judge-event.ts";
import { isReserved } from "./platform-event.ts";

/** The catalogue as it is for one request. */
export interface Catalogue {
  /** Rises with each change. */
  readonly stamp: number;
  /** By type, ascending. */
  readonly eventTypes: readonly EventType[];
  readonly judge: Judge;
}

export type PutEventType =
  | EventTypePut
  | { readonly kind: "flawed"; readonly flaws: readonly EventTypeFlaw[] };

export interface Catalogues {
  current(): Promise<Catalogue>;
  put(type: string, definition: EventTypeDefinition): Promise<PutEventType>;
  /** False: there is no such type. */
  delete(type: string): Promise<boolean>;
}

export interface CatalogueDeps {
  readonly store: Pick<EventTypeStore, "putEventType" | "deleteEventType" | "listEventTypeChanges">;
  readonly clock: Pick<Clock, "now" | "monotonic">;
}

const AGE_MS_MAX = 1_000;
/** From then on a new one is asked for, and nobody has to wait for it. */
const AGE_MS_FRESH = 500;
const CHANGES_MAX = 200;

export function createCatalogues({ store, clock }: CatalogueDeps): Catalogues {
  const types = new Map<string, EventType>();
  const compiled = createCompiled();
  let stamp = 0;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;
  let sorted: readonly EventType[] = [];

  function look(): Promise<void> {
    looking ??= readChanges().finally(() => {
      looking = null;
    });
    return looking;
  }

  async function readChanges(): Promise<void> {
    const beganAtMs = clock.monotonic();
    const before = stamp;
    // Ends, as there are no more changes than types that ever were.
    for (;;) {
      const changes = await store.listEventTypeChanges(stamp, CHANGES_MAX);
      for (const change of changes) {
        if (change.eventType === null) types.delete(change.type);
        else types.set(change.type, change.eventType);
        stamp = change.stamp;
      }
      if (changes.length < CHANGES_MAX) break;
    }
    if (stamp !== before) sorted = [...types.values()].sort((one, other) => (one.type < other.type ? -1 : 1));
    lookedAtMs = beganAtMs;
  }

  /** With what this node has just changed, which a look that began before may have missed. */
  async function lookAgain(): Promise<void> {
    await looking?.catch(() => {});
    await look();
  }

  return {
    async current() {
      const ageMs = clock.monotonic() - lookedAtMs;
      if (ageMs > AGE_MS_MAX) await look();
      // Whoever comes later waits for the next look, and hears of it if that fails as well.
      else if (ageMs > AGE_MS_FRESH) look().catch(() => {});
      return { stamp, eventTypes: sorted, judge: judgeOf(types, compiled) };
    },

    async put(type, definition) {
      if (isReserved(type)) return { kind: "flawed", flaws: [{ kind: "reserved", type }] };
      const flaws = findEventTypeFlaws(definition);
      if (flaws.length > 0) return { kind: "flawed", flaws };
      const put = await store.putEventType({
        type,
        definition,
        fingerprint: fingerprint(definition),
        nowMs: clock.now(),
        typesMax: EVENT_TYPES_MAX,
        versionsMax: EVENT_TYPE_VERSIONS_MAX,
      });
      await lookAgain();
      return put;
    },

    async delete(type) {
      const isDeleted = await store.deleteEventType(type);
      await lookAgain();
      return isDeleted;
    },
  };
}
