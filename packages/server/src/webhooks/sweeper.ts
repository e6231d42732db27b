/** Forgets what has been kept long enough, in small steps, so that nobody waits behind a long transaction. */
import type { Policy } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import type { ForgottenFact } from "./fact.ts";
import type { RecordStore } from "./record-store.ts";
import type { ReplayStore } from "./replay-store.ts";
import type { WebhookStore } from "./store.ts";

export interface Sweep {
  /** What is swept, for the log. */
  readonly name: string;
  /** Forgets at most `countMax` and says how many that were. */
  sweep(nowMs: number, countMax: number): Promise<number>;
}

export interface SweeperDeps {
  readonly sweeps: readonly Sweep[];
  readonly clock: Clock;
  readonly log: Log;
  readonly onFact?: (fact: ForgottenFact) => void;
}

export const SWEEP_COUNT_MIN = 10;
export const SWEEP_COUNT_MAX = 500;
// In the embedded engine nobody else gets a turn during a step. What it costs depends on how much of the file is at hand:
// 500 of ten million records took from 10 to 120 ms (`bench -- records`).
const STEP_MS_MIN = 2;
const STEP_MS_MAX = 5;
const DAY_MS = 24 * 3_600_000;
const ROUND_PAUSE_MS = 60_000;
const STEP_PAUSE_MS_MIN = 10;
// So that sweeping takes no more than a third of the store's time.
const PAUSE_PER_STEP = 2;

/** Forgets events and what became of them once the policy no longer asks to keep them. */
export function sweepOfEvents(
  store: Pick<WebhookStore, "sweep">,
  policy: () => Pick<Policy["webhooks"], "retention_days">,
): Sweep {
  return {
    name: "events",
    sweep: (nowMs, countMax) => store.sweep({ beforeMs: nowMs - policy().retention_days * DAY_MS, countMax }),
  };
}

/** Forgets replays with what they were about. */
export function sweepOfReplays(
  store: Pick<ReplayStore, "sweepReplays">,
  policy: () => Pick<Policy["webhooks"], "retention_days">,
): Sweep {
  return {
    name: "replays",
    sweep: (nowMs, countMax) => store.sweepReplays(nowMs - policy().retention_days * DAY_MS, countMax),
  };
}

/** Ends payloads once the policy no longer asks to keep them, where that is sooner than their records. */
export function sweepOfPayloads(
  store: Pick<RecordStore, "endPayloads">,
  policy: () => Pick<Policy["webhooks"], "retention_days" | "payload_retention_days">,
): Sweep {
  return {
    name: "payloads",
    async sweep(nowMs, countMax) {
      const { payload_retention_days: days, retention_days: recordDays } = policy();
      if (days === null || days >= recordDays) return 0;
      return store.endPayloads({ beforeMs: nowMs - days * DAY_MS, countMax });
    },
  };
}

/** How many the next step takes, by what the last one took: as many as are done in some milliseconds. */
export function nextCount(count: number, spentMs: number): number {
  if (spentMs > STEP_MS_MAX) return Math.max(SWEEP_COUNT_MIN, count >> 1);
  return spentMs < STEP_MS_MIN ? Math.min(SWEEP_COUNT_MAX, count * 2) : count;
}

export function createSweeper({ sweeps, clock, log, onFact }: SweeperDeps): Part {
  const stopping = new AbortController();
  let working: Promise<void> = Promise.resolve();

  async function pause(delayMs: number): Promise<void> {
    await clock.sleep(delayMs, stopping.signal).catch(() => {});
  }

  async function sweepAll({ name, sweep }: Sweep): Promise<void> {
    let total = 0;
    let countMax = SWEEP_COUNT_MIN;
    try {
      while (!stopping.signal.aborted) {
        const startMs = clock.monotonic();
        const count = await sweep(clock.now(), countMax);
        const spentMs = clock.monotonic() - startMs;
        total += count;
        if (count > 0) onFact?.({ kind: "forgotten", what: name, count });
        if (count < countMax) return;
        countMax = nextCount(countMax, spentMs);
        await pause(Math.max(STEP_PAUSE_MS_MIN, PAUSE_PER_STEP * spentMs));
      }
    } finally {
      if (total > 0) log.info("storage.swept", { name, count: total });
    }
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const sweep of sweeps) {
        await sweepAll(sweep).catch((error) => log.warn("storage.sweep-failed", { name: sweep.name, error }));
      }
      await pause(ROUND_PAUSE_MS);
    }
  }

  return {
    name: "sweeper",
    async start() {
      working = work();
    },
    async stop() {
      stopping.abort();
      await working;
    },
  };
}
