/** Replays as the platform tells of them, and as people read them. Pure. */
import { factLines } from "./fact-lines.ts";
import { agoText, durationText } from "./moment.ts";
import { printable, type Style } from "./paint.ts";
import type { Column } from "./table.ts";

export interface ShownReplay {
  readonly id: string;
  readonly state: "running" | "paused" | "done" | "cancelled";
  readonly hook: string | null;
  readonly user: string | null;
  readonly app: string | null;
  readonly type: string | null;
  readonly since: string | null;
  readonly after: number | null;
  readonly states: readonly string[];
  readonly per_s: number | null;
  readonly total: number | null;
  readonly done: number;
  readonly skipped: number;
  readonly created_at: string;
  readonly ended_at: string | null;
}

const STYLES: Readonly<Record<ShownReplay["state"], Style>> = {
  running: "warning",
  paused: "warning",
  done: "good",
  cancelled: "bad",
};

export function replayColumns(nowMs: number): readonly Column<ShownReplay>[] {
  return [
    { head: "REPLAY", cell: ({ id }) => id },
    { head: "STATE", cell: ({ state }) => state, style: ({ state }) => STYLES[state] },
    { head: "DONE", cell: ({ done }) => String(done), align: "right" },
    { head: "SKIPPED", cell: ({ skipped }) => String(skipped), align: "right", spare: 1 },
    { head: "TOTAL", cell: ({ total }) => (total === null ? "counting" : String(total)), align: "right" },
    { head: "AGE", cell: ({ created_at }) => agoText(created_at, nowMs), align: "right", spare: 2 },
    { head: "OF", cell: (replay) => printable(choiceText(replay)), charactersMin: 12, spare: 3 },
  ];
}

export function replayFacts(replay: ShownReplay, nowMs: number): string {
  const { id, state, done, skipped, total, per_s, created_at, ended_at } = replay;
  return factLines([
    ["replay", id],
    ["state", state],
    ["of", choiceText(replay)],
    ["done", total === null ? `${done}, still counting` : `${done} of ${total}`],
    ["skipped", skipped === 0 ? null : String(skipped)],
    ["pace", per_s === null ? "as fast as it is worked off" : `${per_s} a second at most`],
    ["begun", `${created_at} (${agoText(created_at, nowMs)} ago)`],
    ["ended", ended_at],
  ]);
}

/** What it is about: `failed, of hook hok_1, since …`. */
export function choiceText({ states, hook, user, app, type, since, after }: ShownReplay): string {
  return [
    states.join(" "),
    ...(hook === null ? [] : [`hook ${hook}`]),
    ...(user === null ? [] : [`user ${user}`]),
    ...(app === null ? [] : [`app ${app}`]),
    ...(type === null ? [] : [`type ${type}`]),
    ...(since === null ? [] : [`since ${since}`]),
    ...(after === null ? [] : [`after number ${after}`]),
  ].join(", ");
}

/** In one line, when there is nothing more to wait for. */
export function endText({ id, state, done, skipped }: ShownReplay): string {
  const passed = skipped === 0 ? "" : `, ${skipped} skipped`;
  return `Replay ${id} is ${state}: ${done === 1 ? "1 delivery is" : `${done} deliveries are`} on the way again${passed}.`;
}

export function plainText({ done, skipped, total }: ShownReplay): string {
  const passed = skipped === 0 ? "" : `, ${skipped} skipped`;
  return total === null ? `${done} done${passed}, still counting` : `${done} of ${total} done${passed}`;
}

export interface Progress {
  readonly replay: ShownReplay;
  /** How many were done when the watching began, and how long ago that is. */
  readonly doneBefore: number;
  readonly watchedMs: number;
  /** Columns of the terminal. */
  readonly width: number;
}

const BAR_CHARACTERS_MAX = 40;

/** One line that fits the terminal: how much is done, how fast it goes, and how long it takes yet. */
export function barText({ replay, doneBefore, watchedMs, width }: Progress): string {
  const { state, total, done, skipped } = replay;
  const handled = done + skipped;
  const share = total === null ? null : total === 0 ? 1 : Math.min(1, handled / total);
  const perS = watchedMs < 1_000 ? null : ((done - doneBefore) * 1_000) / watchedMs;
  const left = total === null || perS === null || perS === 0 ? null : ((total - handled) / perS) * 1_000;
  const told = [
    ...(share === null ? [] : [`${String(Math.floor(share * 100)).padStart(3)}%`]),
    plainText(replay),
    ...(state === "paused" ? ["paused"] : perS === null ? [] : [`${Math.round(perS)}/s`]),
    ...(left === null || state === "paused" ? [] : [`${durationText(left)} left`]),
  ].join("  ");
  const room = Math.min(BAR_CHARACTERS_MAX, width - told.length - "[]  ".length);
  if (share === null || room < 5) return told.slice(0, Math.max(0, width - 1));
  const full = Math.floor(share * room);
  return `[${"#".repeat(full)}${"-".repeat(room - full)}] ${told}`;
}
