/** How a watched replay is told: a bar on a terminal, else a line now and then; nothing for programs. */
import type { Clock } from "../base/clock.ts";
import type { Asking } from "./either-command.ts";
import { barText, plainText, type ShownReplay } from "./shown-replay.ts";
import type { Watched } from "./watch-replay.ts";

const LINE_PAUSE_MS = 5_000;

/** What was seen last; null: nothing was. */
export async function tellWatched(
  { io, isJson, paint, width }: Pick<Asking, "io" | "isJson" | "paint" | "width">,
  watched: AsyncIterable<Watched>,
  clock: Pick<Clock, "monotonic">,
): Promise<ShownReplay | null> {
  const beganAtMs = clock.monotonic();
  let last: ShownReplay | null = null;
  let doneBefore: number | null = null;
  let saidAtMs = Number.NEGATIVE_INFINITY;
  const isBar = !isJson && width !== null;
  const erase = (): void => void (isBar && io.stderr("\r\u001b[K"));
  for await (const told of watched) {
    if (told.kind === "away") {
      erase();
      io.stderr(`${told.message} Waiting for it.\n`);
      continue;
    }
    last = told.replay;
    doneBefore ??= last.done;
    if (isJson) continue;
    const nowMs = clock.monotonic();
    if (isBar) {
      erase();
      const bar = barText({ replay: last, doneBefore, watchedMs: nowMs - beganAtMs, width: width ?? 0 });
      io.stderr(last.state === "paused" ? paint("warning", bar) : bar);
    } else if (nowMs - saidAtMs >= LINE_PAUSE_MS && last.ended_at === null) {
      io.stderr(`${plainText(last)}\n`);
      saidAtMs = nowMs;
    }
  }
  erase();
  return last;
}
