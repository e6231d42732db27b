/** Counts what the platform's log tells, for the live line. */
import type { LogFields } from "../../base/log.ts";

export interface Tally {
  readonly requests: number;
  /** Of those requests, the ones that the gateway turned away. */
  readonly refused: number;
  readonly events: number;
  readonly delivered: number;
  /** Attempts that were not accepted. */
  readonly failed: number;
  /** The latest, in a few words. */
  readonly last: string | null;
}

export interface Activity {
  /** The log's observer. */
  observe(event: string, fields: LogFields): void;
  tally(): Tally;
  /** Calls back after each change; one listener. */
  onChange(changed: () => void): void;
}

export const NO_ACTIVITY: Tally = { requests: 0, refused: 0, events: 0, delivered: 0, failed: 0, last: null };

// Attempts name their event by id only; the types of so many events are remembered for them.
const TYPES_KEPT_MAX = 1_000;
const HOOK_CHARACTERS_SHOWN = 12;

export function createActivity(): Activity {
  const types = new Map<string, string>();
  let tally = NO_ACTIVITY;
  let changed: () => void = () => {};

  return {
    observe(event, fields) {
      if (event === "event.accepted") remember(types, String(fields.event), String(fields.type));
      const next = count(tally, event, { type: types.get(String(fields.event)), ...fields });
      if (next === tally) return;
      tally = next;
      changed();
    },
    tally: () => tally,
    onChange(listener) {
      changed = listener;
    },
  };
}

/** The tally after one line of the log; the same one where the line is none of those that count. */
export function count(tally: Tally, event: string, fields: LogFields): Tally {
  switch (event) {
    case "request.admitted":
      return { ...tally, requests: tally.requests + 1, last: requestText(fields) };
    case "request.refused":
      return {
        ...tally,
        requests: tally.requests + 1,
        refused: tally.refused + 1,
        last: requestText(fields),
      };
    case "event.accepted":
      return { ...tally, events: tally.events + 1, last: word(fields.type) };
    case "delivery.attempted": {
      const isAccepted = fields.outcome === "accepted";
      const last = attemptText(fields);
      return isAccepted
        ? { ...tally, delivered: tally.delivered + 1, last }
        : { ...tally, failed: tally.failed + 1, last };
    }
    default:
      return tally;
  }
}

function requestText({ method, path, status, duration_ms }: LogFields): string {
  return `${word(method)} ${word(path)} ${word(status)}${inMs(duration_ms)}`;
}

function attemptText({ type, hook, status, outcome, duration_ms }: LogFields): string {
  const what = type === undefined ? "a delivery" : word(type);
  return `${what} → ${shortHook(word(hook))} ${word(status ?? outcome)}${inMs(duration_ms)}`;
}

function inMs(durationMs: unknown): string {
  return typeof durationMs === "number" ? ` in ${Math.round(durationMs)} ms` : "";
}

function shortHook(id: string): string {
  return id.length > HOOK_CHARACTERS_SHOWN ? `${id.slice(0, HOOK_CHARACTERS_SHOWN)}…` : id;
}

/** Paths come from strangers: nothing in them may steer the terminal. */
function word(value: unknown): string {
  return String(value ?? "?").replace(/[^\x20-\x7e]/g, "?");
}

function remember(types: Map<string, string>, event: string, type: string): void {
  types.set(event, type);
  const [oldest] = types.keys();
  if (types.size > TYPES_KEPT_MAX && oldest !== undefined) types.delete(oldest);
}
