/** What waits for a hook that does not deliver is kept without a time; when the hook delivers again it is released. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { HookState } from "../../webhooks/hook.ts";
import { keptBecause } from "../kept-because.ts";
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

/** The hook delivers: what was kept for it can be released, so many a second (null: as fast as it goes). */
export function startRelease(
  { database, memory }: Ground,
  hookId: HookId,
  { nowMs, perS }: { readonly nowMs: number; readonly perS: number | null },
): void {
  // The first one goes at once.
  const fromMs = perS === null ? nowMs : nowMs - 1_000 / perS;
  database.run("UPDATE hooks SET released_at_ms = ?, release_per_s = ? WHERE id = ?", fromMs, perS, hookId);
  memory.hooks.forget(hookId);
}

interface ReleasingRow {
  readonly id: HookId;
  readonly serial: number;
  readonly released_at_ms: number;
  readonly release_per_s: number | null;
}

/** See `WebhookStore.releaseHeld`. */
export function releaseHeld(ground: Ground, nowMs: number, countMax: number): number | null {
  const { database, memory } = ground;
  const hooks = database.all<ReleasingRow>(RELEASING);
  if (hooks.length === 0) return null;
  memory.listing.bring();
  let left = countMax;
  let nextMs: number | null = null;
  for (const hook of hooks) {
    const { count, againMs } = releaseOf(ground, hook, { nowMs, countMax: left });
    left -= count;
    if (againMs !== null) nextMs = Math.min(nextMs ?? againMs, againMs);
  }
  return nextMs;
}

const RELEASING = `SELECT id, serial, released_at_ms, release_per_s FROM hooks INDEXED BY hooks_releasing
  WHERE released_at_ms IS NOT NULL ORDER BY id`;

function releaseOf(
  ground: Ground,
  hook: ReleasingRow,
  { nowMs, countMax }: { readonly nowMs: number; readonly countMax: number },
): { readonly count: number; readonly againMs: number | null } {
  const { database, memory } = ground;
  const perS = hook.release_per_s;
  const allowed = perS === null ? countMax : Math.floor(((nowMs - hook.released_at_ms) * perS) / 1_000);
  const count = Math.min(Math.max(allowed, 0), countMax);
  const rows = database.all<{ readonly key: number; readonly attempts_count: number }>(
    HELD,
    hook.id,
    count + 1,
  );
  for (const { key, attempts_count } of rows.slice(0, count)) {
    // Into the line, where order counts; else it is due.
    const [because, atMs] = hook.serial === 1 ? ["limit", null] : ["due", nowMs];
    database.run("UPDATE deliveries SET because = ?, next_at_ms = ? WHERE key = ?", because, atMs, key);
    if (atMs !== null) memory.turns[attempts_count > 0 ? "retry" : "first"].note(hook.id, atMs);
  }
  const released = Math.min(rows.length, count);
  if (released > 0 && hook.serial === 1) moveUp(ground, hook.id);
  if (rows.length <= count) {
    database.run("UPDATE hooks SET released_at_ms = NULL WHERE id = ?", hook.id);
    memory.hooks.forget(hook.id);
    return { count: released, againMs: null };
  }
  if (perS === null) return { count: released, againMs: nowMs };
  // What was not used up while others were released is used up next time; no more than a second's worth is saved.
  const fromMs = Math.max(
    hook.released_at_ms + (released * 1_000) / perS,
    nowMs - Math.max(1_000, 1_000 / perS),
  );
  database.run("UPDATE hooks SET released_at_ms = ? WHERE id = ?", fromMs, hook.id);
  return { count: released, againMs: Math.max(nowMs, Math.ceil(fromMs + 1_000 / perS)) };
}

const HELD = `SELECT key, attempts_count FROM deliveries INDEXED BY deliveries_kept
  WHERE is_listed = 1 AND state = 'waiting' AND next_at_ms IS NULL AND hook_id = ? AND because <> 'limit'
  ORDER BY sequence LIMIT ?`;
