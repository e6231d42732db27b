/** What a replay looks at of one hook's deliveries, and which of them it is about. */
import { isChosen, REPLAY_READ_MAX, REPLAY_SCAN_MAX, type Replay } from "../../webhooks/replay.ts";
import type { LaneRow } from "../replay-row.ts";
import type { Database } from "./database.ts";
import type { DeliveryRow } from "./delivery-row.ts";

/** Few columns of many rows: what is chosen is read whole afterwards. */
export interface Scanned extends Pick<DeliveryRow, "key" | "state" | "type" | "user_id" | "created_at_ms"> {
  readonly sequence: number;
  readonly is_reachable: number;
}

/** In the order of their numbers, `REPLAY_SCAN_MAX` at most; fewer: that was the last. */
export function* scan(
  database: Database,
  { hook_id, through }: LaneRow,
  after: number,
): Generator<Scanned, void, undefined> {
  let last = after;
  for (let read = 0; read < REPLAY_SCAN_MAX; read += REPLAY_READ_MAX) {
    const rows = database.all<Scanned>(SCAN, hook_id, last, through);
    yield* rows;
    if (rows.length < REPLAY_READ_MAX) return;
    last = rows.at(-1)?.sequence ?? last;
  }
}

// An app knows of what concerns a user only while that user's grant lives.
const SCAN = `SELECT key, sequence, state, type, user_id, created_at_ms, user_id IS NULL OR owner_app_id IS NULL OR EXISTS
    (SELECT 1 FROM grants WHERE grants.user_id = deliveries.user_id AND grants.app_id = owner_app_id) AS is_reachable
  FROM deliveries INDEXED BY deliveries_by_sequence
  WHERE is_listed = 1 AND sequence IS NOT NULL AND hook_id = ? AND sequence > ? AND sequence <= ?
  ORDER BY sequence LIMIT ${REPLAY_READ_MAX}`;

export function isOneOf(replay: Replay, row: Scanned): boolean {
  const { state, type, user_id: userId, created_at_ms: createdAtMs } = row;
  const isReachable = replay.reach.kind === "all" || row.is_reachable === 1;
  return isChosen(replay, { state, type, userId, createdAtMs, isReachable });
}
