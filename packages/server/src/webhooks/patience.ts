/** How long to wait with a question whose last answers were of no use. */
export interface Patience {
  isOver(nowMs: number): boolean;
  note(wasUseful: boolean, nowMs: number): void;
}

/** The first useless answer costs `minMs`, each further one twice that of the one before, up to `maxMs`. */
export function createPatience({
  minMs,
  maxMs,
}: {
  readonly minMs: number;
  readonly maxMs: number;
}): Patience {
  let pauseMs = 0;
  let untilMs = 0;
  return {
    isOver: (nowMs) => nowMs >= untilMs,
    note(wasUseful, nowMs) {
      pauseMs = wasUseful ? 0 : Math.min(Math.max(minMs, 2 * pauseMs), maxMs);
      untilMs = nowMs + pauseMs;
    },
  };
}
