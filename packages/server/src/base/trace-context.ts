/**
 * The W3C trace context (https://www.w3.org/TR/trace-context-2/) under which something happens, as one text that is
 * stored with it: `traceparent`, and after a space `tracestate` if there is one.
 */

/** Always version 00: what a later version adds is for those who know it. */
export type Trace = string;

/** As W3C asks everybody to pass on at least; a longer one is left out as a whole, which is allowed. */
export const TRACESTATE_CHARACTERS_MAX = 512;
const TRACESTATE_MEMBERS_MAX = 32;

/** `sampled` and `random`; the meaning of the others is not fixed, and they must not be passed on. */
const FLAGS_KNOWN = 0b11;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Null: there is none, or none that is well formed. That is never an error: the trace begins anew. */
export function readTrace(headers: Headers): Trace | null {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== "string") return null;
  const parent = readParent(traceparent.trim());
  if (parent === null) return null;
  const state = readState([tracestate ?? []].flat().join(","));
  return state === "" ? parent : `${parent} ${state}`;
}

/** The headers that pass it on; `trace` as `readTrace` gave it. */
export function traceHeaders(trace: Trace | null): readonly (readonly [string, string])[] {
  if (trace === null) return [];
  const [traceparent = "", ...rest] = trace.split(" ");
  const tracestate = rest.join(" ");
  return [["traceparent", traceparent], ...(tracestate === "" ? [] : [["tracestate", tracestate] as const])];
}

function readParent(text: string): string | null {
  const [, version, traceId = "", spanId = "", flags = "", more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  const known = Number.parseInt(flags, 16) & FLAGS_KNOWN;
  return `00-${traceId}-${spanId}-${known.toString(16).padStart(2, "0")}`;
}

/** Empty if it is not well formed or too long: what is left of a list would not be what its maker meant. */
function readState(text: string): string {
  if (text.length > 2 * TRACESTATE_CHARACTERS_MAX) return "";
  const members = text.split(",").map((member) => member.trim());
  const named = members.filter((member) => member !== "");
  const keys = new Set(named.map((member) => member.slice(0, member.indexOf("="))));
  const isGood =
    named.every((member) => MEMBER.test(member)) &&
    keys.size === named.length &&
    named.length <= TRACESTATE_MEMBERS_MAX;
  const state = named.join(",");
  return isGood && state.length <= TRACESTATE_CHARACTERS_MAX ? state : "";
}
