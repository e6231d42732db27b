/** What a replay looks at of one hook's deliveries, and which of them it is about. */
import type { DeliveryId, UserId } from "@trulinks/protocol";
import type { DeliveryState } from "../../webhooks/delivery.ts";
import { isChosen, type Replay } from "../../webhooks/replay.ts";
import type { LaneRow } from "../replay-row.ts";
import type { Queries } from "./database.ts";

export interface Scanned {
  readonly id: DeliveryId;
  readonly sequence: number;
  readonly state: DeliveryState;
  readonly type: string;
  readonly user_id: UserId | null;
  readonly created_at_ms: number;
  readonly is_reachable: boolean;
}

/** In the order of their numbers, so many at most; fewer: that was the last. */
export function scan(
  queries: Queries,
  { hook_id, through }: LaneRow,
  { after, countMax }: { readonly after: number; readonly countMax: number },
): Promise<readonly Scanned[]> {
  return queries.all<Scanned>(SCAN, hook_id, after, through, countMax);
}

// An app knows of what concerns a user only while that user's grant lives.
const SCAN = `SELECT id, sequence, state, type, user_id, created_at_ms, user_id IS NULL OR owner_app_id IS NULL OR
    (SELECT count(*) FROM grants WHERE grants.user_id = deliveries.user_id AND app_id = owner_app_id) = 1 AS is_reachable
  FROM deliveries WHERE sequence IS NOT NULL AND hook_id = $1 AND sequence > $2 AND sequence <= $3
  ORDER BY sequence LIMIT $4`;

export function isOneOf(replay: Replay, row: Scanned): boolean {
  const { state, type, user_id: userId, created_at_ms: createdAtMs } = row;
  const isReachable = replay.reach.kind === "all" || row.is_reachable;
  return isChosen(replay, { state, type, userId, createdAtMs, isReachable });
}
