/** Times as people say and read them. Pure. */
import { CommandFailed } from "./command-io.ts";

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time (ISO 8601), or how long ago: `90s`, `15m`, `2h`, `3d`. */
export function parseMoment(text: string, flag: string, nowMs: number): string {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(nowMs - Number(count) * (UNITS_MS[unit] ?? 0)).toISOString();
  const timeMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return new Date(timeMs).toISOString();
  throw new CommandFailed(
    `${flag} is "${text}". Expected how long ago (90s, 15m, 2h, 3d), or a time such as 2026-11-23T08:00:00Z.`,
  );
}

/** `12s`, `4m`, `3h`, `9d`: one unit, rounded down. */
export function durationText(durationMs: number): string {
  const units = Object.entries(UNITS_MS).reverse();
  const [unit, unitMs] = units.find(([, ms]) => durationMs >= ms) ?? ["s", 1_000];
  return `${Math.max(0, Math.floor(durationMs / unitMs))}${unit}`;
}

export function agoText(time: string, nowMs: number): string {
  return durationText(nowMs - Date.parse(time));
}

/** `in 4m`; `now` once it has come. */
export function untilText(time: string, nowMs: number): string {
  const leftMs = Date.parse(time) - nowMs;
  return leftMs < 1_000 ? "now" : `in ${durationText(leftMs)}`;
}
