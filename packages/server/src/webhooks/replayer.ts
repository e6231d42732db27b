/** Works at replays, step by step. On which node a step is taken the store decides. */
import type { Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import type { ReplayStore } from "./replay-store.ts";

export interface Replayer extends Part {
  /** A replay has begun or goes on: look at once. */
  wake(): void;
}

export interface ReplayerDeps {
  readonly store: Pick<ReplayStore, "advanceReplays">;
  readonly clock: Clock;
  readonly log: Log;
  /** Something was made due. */
  readonly onReleased: () => void;
}

// Others get their turns in the store between two steps.
export const STEP_PAUSE_MS = 5;
// Whoever begins a replay in this process wakes us; this is for what other processes do.
export const LOOK_PAUSE_MS = 2_000;
export const FAILURE_PAUSE_MS = 5_000;

export function createReplayer({ store, clock, log, onReleased }: ReplayerDeps): Replayer {
  let sleeping: AbortController | null = null;
  let isStopping = false;
  let isWoken = false;
  let working: Promise<void> = Promise.resolve();

  /** Takes a step, and says for how long there is nothing to do. */
  async function step(): Promise<number> {
    const { released, nextMs, ended } = await store.advanceReplays(clock.now());
    if (released > 0) onReleased();
    if (ended !== null) {
      const { id, done, skipped } = ended;
      log.info("replay.done", { replay: id, done, skipped });
    }
    if (nextMs === null) return LOOK_PAUSE_MS;
    return Math.min(Math.max(nextMs - clock.now(), STEP_PAUSE_MS), LOOK_PAUSE_MS);
  }

  async function work(): Promise<void> {
    while (!isStopping) {
      isWoken = false;
      const pauseMs = await step().catch((error: unknown) => {
        log.warn("replay.failed", { error });
        return FAILURE_PAUSE_MS;
      });
      if (isStopping || isWoken) continue;
      sleeping = new AbortController();
      await clock.sleep(pauseMs, sleeping.signal).catch(() => {});
    }
  }

  return {
    name: "replayer",
    wake() {
      isWoken = true;
      sleeping?.abort();
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
