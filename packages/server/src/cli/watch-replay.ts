/** Watches a replay until it ends, also while the platform is away for a moment. */
import type { Clock } from "../base/clock.ts";
import { type Ask, refusalOf, Unanswered } from "./ask.ts";
import { inPath } from "./either-command.ts";
import type { ShownReplay } from "./shown-replay.ts";

export type Watched =
  | { readonly kind: "replay"; readonly replay: ShownReplay }
  | { readonly kind: "away"; readonly message: string };

export interface WatchDeps {
  readonly ask: Ask;
  readonly clock: Pick<Clock, "sleep">;
}

const PAUSE_MS = 500;

/** Ends with what has ended, or when the signal says so. `away` is told once each time. */
export async function* watchReplay(
  { ask, clock }: WatchDeps,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Watched> {
  let isAway = false;
  while (!signal.aborted) {
    const looked = await look(ask, id);
    if (looked.kind === "replay" || !isAway) yield looked;
    isAway = looked.kind === "away";
    if (looked.kind === "replay" && looked.replay.ended_at !== null) return;
    await clock.sleep(PAUSE_MS, signal).catch(() => {});
  }
}

async function look(ask: Ask, id: string): Promise<Watched> {
  try {
    const answered = await ask({ method: "GET", path: `/replays/${inPath(id)}` });
    if (answered.status === 200) return { kind: "replay", replay: answered.body as ShownReplay };
    const refusal = refusalOf(answered);
    if (answered.status !== 503 && answered.status !== 429) throw refusal;
    return { kind: "away", message: refusal.message };
  } catch (error) {
    if (error instanceof Unanswered) return { kind: "away", message: error.message };
    throw error;
  }
}
