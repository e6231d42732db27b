/** Deliveries as the platform tells of them, and as people read them. Pure. */
import { factLines } from "./fact-lines.ts";
import { agoText, untilText } from "./moment.ts";
import { printable, type Style } from "./paint.ts";
import type { Column } from "./table.ts";

export interface ShownAttempt {
  readonly number: number;
  readonly at: string;
  readonly outcome: string;
  readonly status: number | null;
  readonly guideline: string | null;
  readonly timings: Readonly<Record<string, number | null>>;
  readonly request?: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  } | null;
  readonly answer?: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  } | null;
}

export interface ShownDelivery {
  readonly id: string;
  readonly event: string;
  readonly type: string;
  readonly hook: string;
  readonly user: string | null;
  readonly app: string | null;
  readonly sequence: number | null;
  readonly state: string;
  readonly because: string | null;
  readonly due_at: string | null;
  readonly created_at: string;
  readonly key: string | null;
  readonly expires_at: string | null;
  readonly masked: readonly string[];
  readonly attempts: readonly ShownAttempt[];
}

const STYLES: Readonly<Record<string, Style>> = {
  delivered: "good",
  failed: "bad",
  expired: "bad",
  rejected: "warning",
  waiting: "warning",
};

export function styleOf({ state }: Pick<ShownDelivery, "state">): Style {
  return STYLES[state] ?? "dim";
}

/** `delivered`, `waiting: retry in 4m`, `waiting: hook-paused`. */
export function stateText(delivery: ShownDelivery, nowMs: number): string {
  const { state, because } = delivery;
  return because === null ? state : `${state}: ${shortStateText(delivery, nowMs)}`;
}

/** The same where there is little room: of what waits, why. */
function shortStateText({ state, because, due_at }: ShownDelivery, nowMs: number): string {
  if (because === "retry" && due_at !== null) return `retry ${untilText(due_at, nowMs)}`;
  return because ?? state;
}

/** `accepted 204`, `deadline`; nothing before the first attempt. */
export function outcomeText(attempt: ShownAttempt | undefined): string {
  if (attempt === undefined) return "";
  return attempt.status === null ? attempt.outcome : `${attempt.outcome} ${attempt.status}`;
}

export function deliveryColumns(nowMs: number): readonly Column<ShownDelivery>[] {
  return [
    { head: "DELIVERY", cell: ({ id }) => id },
    { head: "TYPE", cell: ({ type }) => type, charactersMin: 12 },
    { head: "STATE", cell: (delivery) => shortStateText(delivery, nowMs), style: styleOf },
    { head: "LAST", cell: ({ attempts }) => outcomeText(attempts.at(-1)), charactersMin: 11, spare: 1 },
    { head: "TRIES", cell: ({ attempts }) => String(attempts.length), align: "right", spare: 2 },
    { head: "AGE", cell: ({ created_at }) => agoText(created_at, nowMs), align: "right" },
    { head: "USER", cell: ({ user }) => user ?? "", charactersMin: 8, spare: 3 },
    { head: "HOOK", cell: ({ hook }) => hook, spare: 4 },
  ];
}

export function attemptColumns(): readonly Column<ShownAttempt>[] {
  return [
    { head: "ATTEMPT", cell: ({ number }) => String(number), align: "right" },
    { head: "AT", cell: ({ at }) => at },
    { head: "OUTCOME", cell: outcomeText, style: ({ outcome }) => (outcome === "accepted" ? "good" : "bad") },
    { head: "TOOK", cell: ({ timings }) => millisecondsText(timings["total_ms"] ?? null), align: "right" },
    { head: "GUIDELINE", cell: ({ guideline }) => guideline ?? "", spare: 1 },
  ];
}

export function millisecondsText(durationMs: number | null): string {
  return durationMs === null ? "" : `${Math.round(durationMs)} ms`;
}

/** All that is known of one, each on its own line. */
export function factsOf(delivery: ShownDelivery, nowMs: number): string {
  const { id, event, type, hook, user, app, sequence, created_at, key, expires_at, masked } = delivery;
  return factLines([
    ["delivery", id],
    ["state", stateText(delivery, nowMs)],
    ["event", `${event}  ${type}`],
    ["hook", hook],
    ["user", user],
    ["app", app],
    ["sequence", sequence === null ? null : String(sequence)],
    ["made", `${created_at}  (${agoText(created_at, nowMs)} ago)`],
    ["key", key],
    ["expires", expires_at],
    ["masked", masked.length === 0 ? null : masked.join(" ")],
  ]);
}

/** What was sent in an attempt and what came back, as HTTP looks. */
export function exchangeText({ number, request, answer, outcome }: ShownAttempt): string {
  if (request === undefined || request === null) return `Nothing is kept of attempt ${number}.\n`;
  const answered =
    answer === undefined || answer === null
      ? `No answer came: ${outcome}.\n`
      : messageText(answer.headers, answer.body);
  return `Attempt ${number}, sent:\n${messageText(request.headers, request.body)}\nAttempt ${number}, answered:\n${answered}`;
}

function messageText(headers: Readonly<Record<string, string>>, body: string | null): string {
  const lines = Object.entries(headers).map(([name, value]) => `  ${printable(`${name}: ${value}`)}\n`);
  if (body === null || body === "") return lines.join("");
  const block = printable(body, { isBlock: true }).split("\n");
  return `${lines.join("")}\n${block.map((line) => `  ${line}\n`).join("")}`;
}
