/** A hook's health, as columns. */
import type { Failing, HookHealth, PausedBecause } from "../webhooks/hook.ts";

export interface HealthColumns {
  readonly failing_since_ms: number | null;
  readonly failing_outcome: Failing["outcome"] | null;
  readonly failing_status: number | null;
  readonly failing_told_at_ms: number | null;
  readonly paused_because: PausedBecause | null;
}

export function toHealth(columns: HealthColumns): HookHealth {
  const { failing_since_ms: sinceMs, failing_outcome: outcome, paused_because: pausedBecause } = columns;
  // The two are written together.
  if (sinceMs === null || outcome === null) return { failing: null, pausedBecause };
  const { failing_status: status, failing_told_at_ms: toldAtMs } = columns;
  return { failing: { sinceMs, outcome, status, toldAtMs }, pausedBecause };
}

export const HEALTH_COLUMNS = [
  "failing_since_ms",
  "failing_outcome",
  "failing_status",
  "failing_told_at_ms",
  "paused_because",
] as const satisfies readonly (keyof HealthColumns)[];

/** In the order of `HEALTH_COLUMNS`. */
export function healthValues({ failing, pausedBecause }: HookHealth): readonly (string | number | null)[] {
  if (failing === null) return [null, null, null, null, pausedBecause];
  return [failing.sinceMs, failing.outcome, failing.status, failing.toldAtMs, pausedBecause];
}

/** What makes a hook sound, as SQL. */
export const SOUND_COLUMNS =
  "failing_since_ms = NULL, failing_outcome = NULL, failing_status = NULL, failing_told_at_ms = NULL";
