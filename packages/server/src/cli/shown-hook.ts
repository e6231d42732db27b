/** Hooks as the platform tells of them, and as people read them. Pure. */
import { factLines } from "./fact-lines.ts";
import { agoText, untilText } from "./moment.ts";
import { printable, type Style } from "./paint.ts";
import type { Column } from "./table.ts";

export interface ShownBacklog {
  readonly waiting: number;
  readonly more: boolean;
  readonly bytes: number;
  readonly oldest_at: string | null;
  readonly next_try_at: string | null;
  readonly because: Readonly<Record<string, number>>;
}

export interface ShownHook {
  readonly id: string;
  readonly user?: string;
  readonly app?: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly state: string;
  readonly secured: boolean;
  readonly serial: boolean;
  readonly retries: string;
  readonly signature: string;
  readonly secret_per: string;
  readonly in_flight_max: number;
  readonly ack_deadline_ms: number;
  readonly created_at: string;
  readonly paused_because: string | null;
  readonly failing_since: string | null;
  readonly filter?: object | null;
  readonly include?: readonly string[] | null;
  readonly backlog?: ShownBacklog;
  readonly secret?: string;
}

const STYLES: Readonly<Record<string, Style>> = { active: "good", pending: "warning", paused: "warning" };

export function hookColumns(nowMs: number): readonly Column<ShownHook>[] {
  return [
    { head: "HOOK", cell: ({ id }) => id },
    { head: "STATE", cell: shortStateText, style: styleOf },
    { head: "WAITING", cell: ({ backlog }) => waitingText(backlog), align: "right" },
    { head: "OLDEST", cell: ({ backlog }) => oldestText(backlog, nowMs), align: "right", spare: 1 },
    { head: "OWNER", cell: ownerText, charactersMin: 12, spare: 3 },
    { head: "EVENTS", cell: ({ events }) => events.join(" "), charactersMin: 12, spare: 2 },
    { head: "URL", cell: ({ url }) => printable(url), charactersMin: 24 },
  ];
}

/** A hook that fails says so before it is paused for it. */
function shortStateText({ state, failing_since }: ShownHook): string {
  return state === "active" && failing_since !== null ? "failing" : state;
}

function styleOf(hook: ShownHook): Style {
  return STYLES[shortStateText(hook)] ?? "bad";
}

function waitingText(backlog: ShownBacklog | undefined): string {
  return backlog === undefined ? "" : `${backlog.waiting}${backlog.more ? "+" : ""}`;
}

function oldestText(backlog: ShownBacklog | undefined, nowMs: number): string {
  return backlog?.oldest_at ? agoText(backlog.oldest_at, nowMs) : "";
}

function ownerText({ user, app }: ShownHook): string {
  return app === undefined ? `user ${user}` : `app ${app}`;
}

/** All that is known of one, each on its own line. */
export function hookFacts(hook: ShownHook, nowMs: number): string {
  const { filter, include, serial, backlog } = hook;
  return factLines([
    ["hook", hook.id],
    ["state", hook.paused_because === null ? hook.state : `${hook.state}: ${hook.paused_because}`],
    [
      "failing",
      hook.failing_since === null
        ? null
        : `since ${hook.failing_since}  (${agoText(hook.failing_since, nowMs)})`,
    ],
    ["owner", ownerText(hook)],
    ["url", hook.url],
    ["secured", hook.secured ? "yes" : "no: sensitive fields are masked"],
    ["events", hook.events.join(" ")],
    ["filter", filter ? JSON.stringify(filter) : null],
    ["include", include ? include.join(" ") : null],
    ["signature", `${hook.signature}, a secret per ${hook.secret_per}`],
    ["answers", `within ${hook.ack_deadline_ms} ms`],
    ["at once", serial ? "1, in order" : `up to ${hook.in_flight_max}`],
    ["retries", hook.retries],
    ["made", hook.created_at],
    ["secret", hook.secret ?? null],
    ["waiting", backlog === undefined ? null : backlogText(backlog, nowMs)],
  ]);
}

/** `12 (8 retry, 4 due), 3 KiB, oldest 4m, next try in 20s`. */
function backlogText(backlog: ShownBacklog, nowMs: number): string {
  const { waiting, bytes, oldest_at, next_try_at, because } = backlog;
  if (waiting === 0) return "nothing";
  const reasons = Object.entries(because).filter(([, count]) => count > 0);
  return [
    `${waitingText(backlog)} (${reasons.map(([reason, count]) => `${count} ${reason}`).join(", ")})`,
    bytesText(bytes),
    ...(oldest_at === null ? [] : [`oldest ${agoText(oldest_at, nowMs)}`]),
    ...(next_try_at === null ? [] : [`next try ${untilText(next_try_at, nowMs)}`]),
  ].join(", ");
}

const BYTES_PER_UNIT = 1_024;
const UNITS = ["bytes", "KiB", "MiB", "GiB"];

function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= BYTES_PER_UNIT && unit < UNITS.length - 1; unit++) value /= BYTES_PER_UNIT;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
