/** What waits for a hook that does not deliver is kept without a time; when the hook delivers again it is released. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { HookState } from "../../webhooks/hook.ts";
import { keptBecause } from "../kept-because.ts";
import { nextRelease, PROBE_MS, releasable } from "../pace.ts";
import { moveUp } from "./line.ts";
import type { Ground } from "./memory.ts";

/** Keeps what waits for the hook. What a worker has leased is kept when it comes back, or when its lease runs out. */
export function keepWaiting(ground: Ground, hookId: HookId, state: HookState): void {
  const { database, memory } = ground;
  memory.listing.bring();
  const rows = database.all<KeptRow>(WITH_TIME, hookId).filter(({ id }) => !memory.leases.isHeld(id));
  for (const { key, sequence } of rows) {
    const because = keptBecause(state, { isPing: sequence === null });
    if (because !== null) {
      database.run("UPDATE deliveries SET because = ?, next_at_ms = NULL WHERE key = ?", because, key);
    }
  }
  const because = keptBecause(state, { isPing: false });
  database.run(
    `UPDATE deliveries INDEXED BY deliveries_kept SET because = ?
     WHERE is_listed = 1 AND state = 'waiting' AND next_at_ms IS NULL AND hook_id = ?`,
    because,
    hookId,
  );
}

interface KeptRow {
  readonly key: number;
  readonly id: DeliveryId;
  readonly sequence: number | null;
}

const WITH_TIME = `SELECT key, id, sequence FROM deliveries INDEXED BY deliveries_due
  WHERE is_listed = 1 AND next_at_ms IS NOT NULL AND hook_id = ?`;

/** The hook delivers: what was kept for it can be released, so many a second (null: as fast as it goes), the first at once. */
export function startRelease(
  { database, memory }: Ground,
  hookId: HookId,
  { nowMs, perS }: { readonly nowMs: number; readonly perS: number | null },
): void {
  database.run("UPDATE hooks SET release_at_ms = ?, release_per_s = ? WHERE id = ?", nowMs, perS, hookId);
  memory.hooks.forget(hookId);
}

/** The hook is not failing any more: if it is being released (else false), that goes on at its pace. */
export function goOnReleasing({ database }: Ground, hookId: HookId, nowMs: number): boolean {
  const gone = database.run(
    "UPDATE hooks SET release_at_ms = ? WHERE id = ? AND release_at_ms IS NOT NULL",
    nowMs,
    hookId,
  );
  return gone > 0;
}

interface ReleasingRow {
  readonly id: HookId;
  readonly serial: number;
  readonly release_at_ms: number;
  readonly release_per_s: number | null;
  readonly failing_since_ms: number | null;
}

// So many at once; the rest is found when it is asked again, which the answer says is at once.
const HOOKS_MAX = 100;

/** See `WebhookStore.releaseHeld`. Whoever has waited longest has its share first. */
export function releaseHeld(ground: Ground, nowMs: number, countMax: number): number | null {
  const { database, memory } = ground;
  const ready = database.all<ReleasingRow>(READY, nowMs);
  if (ready.length > 0) memory.listing.bring();
  let left = countMax;
  for (const hook of ready) left -= releaseOf(ground, hook, { nowMs, countMax: left });
  const next = database.get<{ readonly at_ms: number | null }>(NEXT);
  return next?.at_ms == null ? null : Math.max(nowMs, Math.ceil(next.at_ms));
}

const RELEASING = "FROM hooks INDEXED BY hooks_releasing WHERE release_at_ms IS NOT NULL";
const READY = `SELECT id, serial, release_at_ms, release_per_s, failing_since_ms ${RELEASING}
  AND release_at_ms <= ? ORDER BY release_at_ms, id LIMIT ${HOOKS_MAX}`;
const NEXT = `SELECT min(release_at_ms) AS at_ms ${RELEASING}`;

/** Says how many were released. */
function releaseOf(
  ground: Ground,
  hook: ReleasingRow,
  { nowMs, countMax }: { readonly nowMs: number; readonly countMax: number },
): number {
  const { database } = ground;
  const pace = { perS: hook.release_per_s, nextAtMs: hook.release_at_ms };
  const isFailing = hook.failing_since_ms !== null;
  const allowed = isFailing ? probes(ground, hook.id) : releasable(pace, nowMs);
  const count = Math.min(allowed, countMax);
  const rows = database.all<HeldRow>(HELD, hook.id, count + 1);
  const released = rows.slice(0, count);
  for (const row of released) letIn(ground, hook, row, nowMs);
  if (released.length > 0 && hook.serial === 1) moveUp(ground, hook.id);
  const isDone = rows.length <= count;
  const nextMs = isFailing ? nowMs + PROBE_MS : nextRelease(pace, released.length, nowMs);
  database.run("UPDATE hooks SET release_at_ms = ? WHERE id = ?", isDone ? null : nextMs, hook.id);
  return released.length;
}

/** Of a failing hook one, if nothing of it is to be tried any more. */
function probes({ database }: Ground, hookId: HookId): 0 | 1 {
  return database.get(`${WITH_TIME} LIMIT 1`, hookId) === undefined ? 1 : 0;
}

interface HeldRow {
  readonly key: number;
  readonly attempts_count: number;
}

const HELD = `SELECT key, attempts_count FROM deliveries INDEXED BY deliveries_kept
  WHERE is_listed = 1 AND state = 'waiting' AND next_at_ms IS NULL AND hook_id = ? AND because <> 'limit'
  ORDER BY sequence LIMIT ?`;

/** Into the line of a serial hook, where order counts; else it is due. */
function letIn(
  { database, memory }: Ground,
  { id, serial }: ReleasingRow,
  row: HeldRow,
  nowMs: number,
): void {
  const [because, atMs] = serial === 1 ? ["limit", null] : ["due", nowMs];
  database.run(
    "UPDATE deliveries SET because = ?, next_at_ms = ?, is_released = 1 WHERE key = ?",
    because,
    atMs,
    row.key,
  );
  if (atMs !== null) memory.turns[row.attempts_count > 0 ? "retry" : "first"].note(id, atMs);
}
