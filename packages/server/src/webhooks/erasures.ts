/** Ends all payloads about a user: some at once, the rest in small steps; what a crash left under way goes on at start. */
import type { ErasureId, UserId } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import type { Erasure, RecordStore } from "./record-store.ts";

export interface Erasures extends Part {
  /** What has ended by the time of the answer; a few thousand deliveries are, and the rest follows. Null: nobody is known as that. */
  erase(userId: UserId): Promise<Erasure | null>;
  find(id: ErasureId): Promise<Erasure | null>;
  /** One has begun elsewhere. */
  wake(): void;
}

export interface ErasuresDeps {
  readonly store: Pick<RecordStore, "startErasure" | "erase" | "findErasure">;
  readonly clock: Clock;
  readonly log: Log;
  /** What was leased may have been revoked. */
  readonly recall: () => void;
}

/** Each step is one transaction, and nobody waits long behind it. */
export const ERASED_MAX = 50;
/** So many steps are waited for by whoever asked. */
export const STEPS_AT_ONCE_MAX = 80;

const STEP_PAUSE_MS = 10;
// Whoever begins one in this process wakes us; this is for what others began and left.
const LOOK_PAUSE_MS = 10_000;
const FAILURE_PAUSE_MS = 5_000;

export function createErasures({ store, clock, log, recall }: ErasuresDeps): Erasures {
  let isStopping = false;
  let isWoken = false;
  let sleeping: AbortController | null = null;
  let working: Promise<void> = Promise.resolve();

  /** Does one step; null: none is under way. */
  async function step(): Promise<Erasure | null> {
    const erasure = await store.erase(clock.now(), ERASED_MAX);
    if (erasure !== null && erasure.endedAtMs !== null) {
      const { id, userId: user, events, deliveries, attempts } = erasure;
      log.info("user.erased", { erasure: id, user, events, deliveries, attempts });
    }
    return erasure;
  }

  async function pause(delayMs: number): Promise<void> {
    if (isStopping || isWoken) return;
    sleeping = new AbortController();
    await clock.sleep(delayMs, sleeping.signal).catch(() => {});
  }

  async function work(): Promise<void> {
    while (!isStopping) {
      isWoken = false;
      const pauseMs = await step().then(
        (erasure) => (erasure === null ? LOOK_PAUSE_MS : STEP_PAUSE_MS),
        (error) => {
          log.warn("user.erasure-failed", { error });
          return FAILURE_PAUSE_MS;
        },
      );
      await pause(pauseMs);
    }
  }

  function wake(): void {
    isWoken = true;
    sleeping?.abort();
  }

  return {
    name: "erasures",
    wake,
    find: (id) => store.findErasure(id),
    async erase(userId) {
      const started = await store.startErasure(userId, clock.now());
      if (started === null) return null;
      recall();
      for (let steps = 0; steps < STEPS_AT_ONCE_MAX; steps++) {
        const stepped = await step();
        if (stepped === null || (stepped.id === started.id && stepped.endedAtMs !== null)) break;
      }
      wake();
      return (await store.findErasure(started.id)) ?? started;
    },
    async start() {
      working = work();
    },
    async stop() {
      isStopping = true;
      sleeping?.abort();
      await working;
    },
  };
}
