/** What the deliveries are that both stores are filled with: the same from row to row, so that SQL can make them. */
import type { DeliveryFilter, DeliveryReach } from "../../packages/server/src/webhooks/store.ts";

export const APP = "app_records";
export const OWN_HOOKS = 1_000;
/** Hooks of the app. Each has a tenth of most deliveries. */
export const APP_HOOKS = 10;
const DAY_MS = 86_400_000;
export const SPAN_MS = 6 * DAY_MS;
/** The last ones wait. */
export const WAITING = 500;

export interface Shape {
  readonly rows: number;
  readonly startMs: number;
}

/** Of delivery `n` (from 0), as SQL over a column `n`. Both engines understand it alike: what is appended stands in parentheses. */
export function columnsOf({ rows, startMs }: Shape): Readonly<Record<string, string>> {
  const isOwn = "n % 10 = 3";
  const isWaiting = `n >= ${rows - WAITING}`;
  const isFailed = "n % 100 = 7";
  const isRevoked = "n % 5000 = 8";
  const atMs = atMsOf({ rows, startMs });
  return {
    id: `made_id('dlv_', ${atMs}, n)`,
    event_id: `'evt_' || (n / 2)`,
    type: `CASE WHEN n % ${Math.max(10, Math.floor(rows / 10))} = 4 THEN 'rare.type' ELSE 'common.type_' || (n / 7 % 20) END`,
    hook_id: `CASE WHEN ${isOwn} THEN 'hok_own_' || (n / 10 % ${OWN_HOOKS}) ELSE 'hok_app_' || (n % ${APP_HOOKS}) END`,
    owner_user_id: `CASE WHEN ${isOwn} THEN 'u' || (n / 10 % ${OWN_HOOKS}) END`,
    owner_app_id: `CASE WHEN ${isOwn} THEN NULL ELSE '${APP}' END`,
    user_id: `'u' || (n / 10 % ${OWN_HOOKS})`,
    grant_id: `CASE WHEN ${isOwn} THEN NULL ELSE 'grn_' || (n / 10 % ${OWN_HOOKS}) END`,
    sequence: "n + 1",
    state: `CASE WHEN ${isWaiting} THEN 'waiting' WHEN ${isFailed} THEN 'failed' WHEN ${isRevoked} THEN 'revoked' ELSE 'delivered' END`,
    because: `CASE WHEN ${isWaiting} THEN 'due' END`,
    next_at_ms: `CASE WHEN ${isWaiting} THEN ${startMs + SPAN_MS} END`,
    attempts_count: `CASE WHEN ${isWaiting} THEN 0 ELSE 1 END`,
    last_status: `CASE WHEN ${isWaiting} OR ${isRevoked} THEN NULL WHEN ${isFailed} THEN 500 WHEN n % 1000 = 1 THEN 204 ELSE 200 END`,
    created_at_ms: atMs,
    ended_at_ms: `CASE WHEN ${isWaiting} THEN NULL ELSE ${atMs} + 40 END`,
  };
}

/** Spread evenly over the days. */
export function atMsOf({ rows, startMs }: Shape): string {
  return `(${startMs} + n * ${SPAN_MS} / ${rows})`;
}

/** Of event `n`, which has two deliveries. */
export const EVENT = {
  id: "'evt_' || n",
  data: `'{"number":' || n || ',"title":"the quick brown fox jumps over the lazy dog","state":"open"}'`,
};

export const EXCHANGE = JSON.stringify({
  requestHeaders: [["webhook-id", "1"]],
  answerHeaders: [["content-type", "text/plain"]],
  answerBody: "ok",
});

type Filter = Omit<DeliveryFilter, "reach">;

/** One value of each filter, a rare one beside where that is another matter. */
export function filtersOf({ startMs }: Shape): Readonly<Record<string, Filter>> {
  return {
    "hook (large)": { hookId: "hok_app_5" as never },
    "hook (small)": { hookId: "hok_own_7" as never },
    user: { userId: "u7" as never },
    app: { appId: APP as never },
    "type (common)": { type: "common.type_3" },
    "type (rare)": { type: "rare.type" },
    event: { eventId: "evt_7" as never },
    "state=waiting": { state: "waiting" },
    "state=failed": { state: "failed" },
    "state=delivered": { state: "delivered" },
    "state=replaced (none)": { state: "replaced" },
    "status=200": { status: 200 },
    "status=204": { status: 204 },
    "status=500": { status: 500 },
    "status=418 (none)": { status: 418 },
    "after (the last hour)": { afterMs: startMs + SPAN_MS - 3_600_000 },
    "before (the first hour)": { beforeMs: startMs + 3_600_000 },
  };
}

export const REACHES: Readonly<Record<DeliveryReach["kind"], DeliveryReach>> = {
  all: { kind: "all" },
  app: { kind: "app", appId: APP as never },
  user: { kind: "user", userId: "u7" as never },
  grant: { kind: "grant", grantId: "grn_7" as never },
};
