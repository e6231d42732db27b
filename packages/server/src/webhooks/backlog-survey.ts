/** How much waits in all, for whoever watches: a walk in small steps, begun when somebody asks and not more often than it is cheap. */
import type { Clock } from "../base/clock.ts";
import type { BacklogStore, WaitingCounts } from "./backlog-store.ts";
import { WAITING_BECAUSE } from "./delivery.ts";
import type { HookState } from "./hook.ts";

export interface Survey {
  readonly because: WaitingCounts;
  readonly bytes: number;
  /** Null: nothing waits. */
  readonly oldestAtMs: number | null;
  readonly hooks: Readonly<Record<HookState, number>>;
}

/** The newest survey; null while there is none, or the store does not answer. */
export type AskSurvey = () => Promise<Survey | null>;

export interface SurveyDeps {
  readonly store: BacklogStore;
  readonly clock: Pick<Clock, "monotonic" | "sleep" | "after">;
}

/** Some milliseconds of the store's time, for which nobody else is held up; then others have their turn. */
export const SURVEY_STEP_MAX = 5_000;
const STEP_PAUSE_MS = 10;
/** A walk over little is done by then; whoever asks is told of the one before if this one takes longer. */
const ANSWER_MS_MAX = 500;
const REST_MS_MIN = 5_000;
// So that a walk over millions takes a tenth of the time at most.
const RESTS_PER_WALK = 10;

export function createAskSurvey({ store, clock }: SurveyDeps): AskSurvey {
  let newest: Survey | null = null;
  let underWay: Promise<Survey | null> | null = null;
  let restsUntilMs = Number.NEGATIVE_INFINITY;

  async function survey(): Promise<Survey | null> {
    const beganAtMs = clock.monotonic();
    try {
      newest = await walk({ store, clock });
      restsUntilMs =
        clock.monotonic() + Math.max(REST_MS_MIN, RESTS_PER_WALK * (clock.monotonic() - beganAtMs));
    } catch {
      // What was so before the store went away is no answer to what is so now.
      newest = null;
    }
    underWay = null;
    return newest;
  }

  return async () => {
    if (newest !== null && clock.monotonic() < restsUntilMs) return newest;
    underWay ??= survey();
    const { promise: silence, resolve } = Promise.withResolvers<null>();
    const cancel = clock.after(ANSWER_MS_MAX, () => resolve(null));
    const answer = await Promise.race([underWay.then((found) => ({ found })), silence]);
    cancel();
    return answer === null ? newest : answer.found;
  };
}

async function walk({
  store,
  clock,
}: Pick<SurveyDeps, "store"> & { readonly clock: Pick<Clock, "sleep"> }): Promise<Survey> {
  const hooks = await store.findHookCounts();
  let step = await store.findBacklogStep(null, SURVEY_STEP_MAX);
  let { because, bytes, oldestAtMs } = step;
  // The walk goes forward, so it ends: what is stored behind it is not seen.
  while (step.next !== null) {
    await clock.sleep(STEP_PAUSE_MS);
    step = await store.findBacklogStep(step.next, SURVEY_STEP_MAX);
    because = added(because, step.because);
    bytes += step.bytes;
    oldestAtMs = earlier(oldestAtMs, step.oldestAtMs);
  }
  return { because, bytes, oldestAtMs, hooks };
}

function added(one: WaitingCounts, other: WaitingCounts): WaitingCounts {
  const sums = WAITING_BECAUSE.map((because) => [because, one[because] + other[because]] as const);
  return Object.fromEntries(sums) as WaitingCounts;
}

function earlier(oneMs: number | null, otherMs: number | null): number | null {
  if (oneMs === null || otherMs === null) return oneMs ?? otherMs;
  return Math.min(oneMs, otherMs);
}
