/** Takes the steps of hooks that are failing: their owner is told, and later they are paused. Any number of processes may. */
import type { Policy } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import type { HealthFact } from "./fact.ts";
import { type StepBounds, stepBounds } from "./health.ts";
import type { DueStep, HealthStore } from "./health-store.ts";
import type { Hook } from "./hook.ts";

export interface HealthKeeperDeps {
  readonly health: Pick<HealthStore, "listSteps" | "takeStep">;
  readonly policy: () => Pick<Policy["webhooks"], "failing_after_s" | "paused_after_s">;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFact?: (fact: HealthFact) => void;
  /** An owner was told something: that is due now. */
  readonly onTold: () => void;
  /** A hook is paused: what is leased of it must not start. */
  readonly onPaused: () => void;
}

export const STEPS_MAX = 100;
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 10_000;
// A tenth late is soon enough.
const PAUSE_SHARE = 1 / 10;
/** What was not tried while nothing ran here, or while the host's clock was set, is tried first: nothing is paused so soon after. */
export const GRACE_MS = 60_000;
const CLOCK_SET_MS = 10_000;

export function createHealthKeeper(deps: HealthKeeperDeps): Part {
  const { policy, clock, log } = deps;
  const stopping = new AbortController();
  const isSteady = createSteadiness(clock);
  let working: Promise<void> = Promise.resolve();

  async function look(): Promise<boolean> {
    const nowMs = clock.now();
    const bounds = boundsNow(policy(), { nowMs, isSteady: isSteady(policy()) });
    const due = await deps.health.listSteps(bounds, STEPS_MAX);
    for (const step of due) {
      if (stopping.signal.aborted) break;
      const hook = await deps.health.takeStep(step, bounds, nowMs);
      if (hook !== null) report(deps, step, hook);
    }
    return due.length === STEPS_MAX;
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const isMore = await look().catch((error) => {
        log.warn("health.failed", { error });
        return false;
      });
      const pauseMs = isMore ? PAUSE_MS_MIN : pauseBetween(policy());
      await clock.sleep(pauseMs, stopping.signal).catch(() => {});
    }
  }

  return {
    name: "health keeper",
    async start() {
      working = work();
    },
    async stop() {
      stopping.abort();
      await working;
    },
  };
}

type Times = Pick<Policy["webhooks"], "failing_after_s" | "paused_after_s">;

function pauseBetween({ failing_after_s, paused_after_s }: Times): number {
  const leastMs = Math.min(failing_after_s, paused_after_s) * 1_000;
  return Math.min(Math.max(leastMs * PAUSE_SHARE, PAUSE_MS_MIN), PAUSE_MS_MAX);
}

function boundsNow(
  times: Times,
  { nowMs, isSteady }: { readonly nowMs: number; readonly isSteady: boolean },
): StepBounds {
  const bounds = stepBounds(times, nowMs);
  return isSteady ? bounds : { ...bounds, pauseSinceMs: 0 };
}

/** Says whether this process has run, and its host's clock has not been set, for as long as a receiver needs to show itself. */
function createSteadiness(clock: Pick<Clock, "now" | "monotonic">): (times: Times) => boolean {
  let sinceMs = clock.monotonic();
  let offsetMs = clock.now() - sinceMs;
  return ({ paused_after_s }) => {
    const monotonicMs = clock.monotonic();
    const isSet = Math.abs(clock.now() - monotonicMs - offsetMs) > CLOCK_SET_MS;
    if (isSet) sinceMs = monotonicMs;
    offsetMs = clock.now() - monotonicMs;
    return monotonicMs - sinceMs >= Math.min(GRACE_MS, (paused_after_s * 1_000) / 2);
  };
}

function report({ log, onFact, onTold, onPaused }: HealthKeeperDeps, { step }: DueStep, hook: Hook): void {
  const { id, url, health } = hook;
  const sinceMs = health.failing?.sinceMs ?? 0;
  const fields = { hook: id, host: new URL(url).host, since: new Date(sinceMs).toISOString() };
  if (step === "pause") {
    log.warn("hook.paused", fields);
    onPaused();
  } else log.warn("hook.failing", fields);
  onFact?.({ kind: "health", step: step === "pause" ? "paused" : "told", hookId: id });
  onTold();
}
