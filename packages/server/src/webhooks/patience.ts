/** How long to wait before asking again, by what the last answers were good for. */
export interface Patience {
  isOver(nowMs: number): boolean;
  note(answer: { readonly worth: Worth; readonly tookMs: number }, nowMs: number): void;
}

/** `useful`: much of it could be used. `news`: little, but much of it was not known. `useless`: neither. */
export type Worth = "useful" | "news" | "useless";

const USELESS_MS_MIN = 10;
const USELESS_MS_MAX = 1_000;
// Finding out takes a fifth of the time at most.
const NEWS_PAUSE_SHARE = 4;

export function createPatience(): Patience {
  let pauseMs = 0;
  let untilMs = 0;
  return {
    isOver: (nowMs) => nowMs >= untilMs,
    note({ worth, tookMs }, nowMs) {
      pauseMs = worth === "useless" ? Math.min(Math.max(USELESS_MS_MIN, 2 * pauseMs), USELESS_MS_MAX) : 0;
      untilMs = nowMs + (worth === "news" ? tookMs * NEWS_PAUSE_SHARE : pauseMs);
    },
  };
}
