/** What still waits under a key gives way to what is newer. */
import type { DeliveryId, HookId, UserId } from "@trulinks/protocol";
import { end } from "./end.ts";
import type { Ground } from "./memory.ts";

interface Replaced {
  readonly hookId: HookId;
  readonly userId: UserId;
  readonly key: string;
  readonly nowMs: number;
}

/** What is leased is left alone: it may be arriving. */
export function replaceWaiting(ground: Ground, { hookId, userId, key, nowMs }: Replaced): void {
  const { database, memory } = ground;
  memory.listing.bring();
  const rows = database.all<{ readonly key: number; readonly id: DeliveryId }>(WAITING, hookId, key, userId);
  for (const row of rows) {
    if (!memory.leases.isHeld(row.id)) end(ground, { ...row, hookId }, { state: "replaced", nowMs });
  }
}

const WAITING = `SELECT key, id FROM deliveries INDEXED BY deliveries_replaceable
  WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ? AND replace_key = ? AND user_id = ?`;
