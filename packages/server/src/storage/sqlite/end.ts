/** Ends a delivery that waits and that nobody works on. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import { moveUp } from "./line.ts";
import type { Ground } from "./memory.ts";

export interface Waiting {
  readonly key: number;
  readonly id: DeliveryId;
  readonly hookId: HookId;
}

export function end(
  ground: Ground,
  { key, id, hookId }: Waiting,
  { state, nowMs }: { readonly state: "expired" | "replaced"; readonly nowMs: number },
): void {
  ground.database.run(
    "UPDATE deliveries SET state = ?, because = NULL, next_at_ms = NULL, ended_at_ms = ? WHERE key = ?",
    state,
    nowMs,
    key,
  );
  ground.memory.leases.end(id);
  moveUp(ground, hookId);
}
