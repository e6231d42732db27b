import type { HookId } from "@trulinks/protocol";
import type { Claim, ClaimRequest } from "../../webhooks/claim.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { EVENT_COLUMNS, type EventColumns, toEvent } from "../event-row.ts";
import { keptBecause } from "../kept-because.ts";
import { type DeliveryRow, toView } from "./delivery-row.ts";
import { type DueRow, dueOf, nextTurnMs, noteNext, type Queue } from "./due.ts";
import { end } from "./end.ts";
import { leaseUntilMs } from "./known-hooks.ts";
import type { Ground } from "./memory.ts";
import type { Sync } from "./verbs.ts";

type ClaimVerbs = Pick<Sync<WebhookStore>, "claimDue" | "release" | "findNextDueMs">;

export function createClaiming(ground: Ground): ClaimVerbs {
  const { memory } = ground;
  return {
    claimDue: (request) => claimDue(ground, request),

    release(claims, nowMs) {
      for (const { deliveryId, lease, dueAtMs = nowMs } of claims) {
        const held = memory.leases.find(deliveryId, lease);
        if (held === null) continue;
        memory.leases.end(deliveryId);
        comeBack(ground, held.key, dueAtMs);
      }
    },

    findNextDueMs(exceptHooks) {
      if (memory.turns.first.first() !== null || memory.turns.retry.first() !== null) memory.listing.bring();
      const except = new Set(exceptHooks);
      const times = [
        nextTurnMs(ground, "first", except),
        nextTurnMs(ground, "retry", except),
        memory.leases.nextRunOutMs(except),
      ].filter((timeMs) => timeMs !== null);
      return times.length === 0 ? null : Math.min(...times);
    },
  };
}

/** Nobody has it any more: it is due, or kept if its hook does not deliver. */
function comeBack({ database, memory }: Ground, key: number, dueAtMs: number): void {
  const row = database.get<Pick<DeliveryRow, "hook_id" | "sequence" | "attempts_count" | "state">>(
    "SELECT hook_id, sequence, attempts_count, state FROM deliveries WHERE key = ?",
    key,
  );
  if (row === undefined || row.state !== "waiting") return;
  const because = keptBecause(memory.hooks.of(row.hook_id).hook.state, { isPing: row.sequence === null });
  if (because !== null) {
    database.run("UPDATE deliveries SET because = ?, next_at_ms = NULL WHERE key = ?", because, key);
    return;
  }
  database.run("UPDATE deliveries SET next_at_ms = ? WHERE key = ?", dueAtMs, key);
  memory.turns[row.attempts_count > 0 ? "retry" : "first"].note(row.hook_id, dueAtMs);
}

function claimDue(ground: Ground, request: ClaimRequest): readonly Claim[] {
  const { memory } = ground;
  for (const { key } of memory.leases.takeRunOut(request.nowMs)) comeBack(ground, key, request.nowMs);
  if (!isAnybodyUp(ground, request.nowMs)) return [];
  memory.listing.bring();
  const claims: Claim[] = [];
  const takenOf = new Map<HookId, number>();
  claimFrom(ground, "first", { ...request, claims, takenOf });
  const countMax = Math.min(request.countMax, claims.length + request.retriesMax);
  const expired = claimFrom(ground, "retry", { ...request, countMax, claims, takenOf });
  // Behind a retry of a serial hook that had expired something may wait that was never tried.
  if (expired > 0) claimFrom(ground, "first", { ...request, claims, takenOf });
  return claims;
}

/** Most often nobody is: then nothing needs to be listed. */
function isAnybodyUp({ memory }: Ground, nowMs: number): boolean {
  return [memory.turns.first, memory.turns.retry].some(
    (turns) => (turns.first()?.atMs ?? nowMs + 1) <= nowMs,
  );
}

interface Claiming extends ClaimRequest {
  readonly claims: Claim[];
  readonly takenOf: Map<HookId, number>;
}

/** A hook whose turn has come, with what of it is due. */
interface Up {
  readonly hookId: HookId;
  readonly rows: readonly DueRow[];
  place: number;
}

/**
 * Hooks take turns: of those whose turn has come, what has waited longest comes first. Adds to what is claimed, and says
 * how many had expired instead.
 */
function claimFrom(ground: Ground, queue: Queue, request: Claiming): number {
  const { nowMs, countMax, exceptHooks, onlyHooks, claims, takenOf } = request;
  const turns = ground.memory.turns[queue];
  const except = new Set(exceptHooks);
  const leftOut: { readonly hookId: HookId; readonly atMs: number }[] = [];
  const up: Up[] = upOutOfTurn(ground, queue, request);
  const passTurn = ({ hookId }: Up) =>
    noteNext(ground, { hookId, queue, notBeforeMs: takenOf.has(hookId) ? nowMs : 0 });
  let expired = 0;

  while (claims.length < countMax) {
    const longest = longestDue(up);
    const longestMs = longest?.rows[longest.place]?.next_at_ms ?? Number.POSITIVE_INFINITY;
    const turn = onlyHooks === undefined ? turns.first() : null;
    if (turn !== null && turn.atMs <= nowMs && turn.atMs < longestMs) {
      turns.take();
      if (except.has(turn.hookId)) leftOut.push(turn);
      else up.push(upOf(ground, turn.hookId, queue, request));
      continue;
    }
    const row = longest?.rows[longest.place];
    if (longest === undefined || row === undefined) break;
    longest.place += 1;
    const claim = claimRow(ground, row, nowMs);
    if (claim === "expired") expired += 1;
    else if (claim !== "not-free") {
      claims.push(claim);
      takenOf.set(longest.hookId, (takenOf.get(longest.hookId) ?? 0) + 1);
    }
    if (longest.place < longest.rows.length) continue;
    // It may have more, in the place of what was kept or has expired.
    up.splice(up.indexOf(longest), 1);
    passTurn(longest);
  }
  for (const one of up) passTurn(one);
  for (const { hookId, atMs } of leftOut) turns.note(hookId, atMs);
  return expired;
}

/** Those that are named, if any are. */
function upOutOfTurn(ground: Ground, queue: Queue, request: Claiming): Up[] {
  const except = new Set(request.exceptHooks);
  const named = [...new Set(request.onlyHooks)].filter((hookId) => !except.has(hookId));
  return named.map((hookId) => upOf(ground, hookId, queue, request)).filter(({ rows }) => rows.length > 0);
}

function upOf(
  ground: Ground,
  hookId: HookId,
  queue: Queue,
  { nowMs, countMax, hookMax, claims, takenOf }: Claiming,
): Up {
  const left = Math.min(hookMax - (takenOf.get(hookId) ?? 0), countMax - claims.length);
  return { hookId, rows: rowsFor(ground, { hookId, queue, nowMs, left }), place: 0 };
}

function rowsFor(
  ground: Ground,
  {
    hookId,
    queue,
    nowMs,
    left,
  }: { readonly hookId: HookId; readonly queue: Queue; readonly nowMs: number; readonly left: number },
): readonly DueRow[] {
  const { leases, hooks } = ground.memory;
  if (left <= 0) return [];
  const rows = dueOf(ground, { hookId, queue, untilMs: nowMs, countMax: left });
  // Whoever was at the head of a line and has ended may still be under way. Where nothing waits the hook may be gone.
  const isLineHeld = rows.length > 0 && leases.countOf(hookId) > 0 && hooks.of(hookId).hook.serial;
  return isLineHeld ? [] : rows;
}

/** Few hooks are up at a time: each is looked at once for every claim. */
function longestDue(up: readonly Up[]): Up | undefined {
  let longest: Up | undefined;
  let longestRow: DueRow | undefined;
  for (const one of up) {
    const row = one.rows[one.place];
    if (row === undefined) continue;
    if (longestRow !== undefined && (longestRow.next_at_ms < row.next_at_ms || isBefore(longestRow, row)))
      continue;
    longest = one;
    longestRow = row;
  }
  return longest;
}

function isBefore(one: DueRow, other: DueRow): boolean {
  return one.next_at_ms === other.next_at_ms && one.id < other.id;
}

const WAITING = `SELECT deliveries.*, ${EVENT_COLUMNS}
  FROM deliveries JOIN events ON events.id = event_id WHERE key = ?`;

/** `not-free`: somebody has it, or it is kept, since its hook does not deliver. */
function claimRow(ground: Ground, { key, id }: DueRow, nowMs: number): Claim | "expired" | "not-free" {
  const { database, memory } = ground;
  if (memory.leases.isHeld(id)) return "not-free";
  const row = database.get<DeliveryRow & EventColumns>(WAITING, key);
  if (row === undefined) return "not-free";
  const { hook } = memory.hooks.of(row.hook_id);
  const because = keptBecause(hook.state, { isPing: row.sequence === null });
  if (because !== null) {
    database.run("UPDATE deliveries SET because = ?, next_at_ms = NULL WHERE key = ?", because, key);
    return "not-free";
  }
  if (row.expires_at_ms !== null && row.expires_at_ms <= nowMs) {
    end(ground, { key, id: row.id, hookId: row.hook_id }, { state: "expired", nowMs });
    return "expired";
  }
  const untilMs = leaseUntilMs(hook, nowMs);
  const lease = memory.leases.take(row.id, { key, hookId: row.hook_id, untilMs });
  return {
    deliveryId: row.id,
    lease: lease.number,
    leaseUntilMs: untilMs,
    attempt: row.attempts_count + 1,
    triedBefore: row.tried_before,
    event: toEvent(row),
    ...memory.hooks.claimParts(row.hook_id, { userId: row.user_id, nowMs }),
    sequence: row.sequence,
    view: toView(row.view),
    ...(row.is_released === 1 ? { isReleased: true } : {}),
    expiresAtMs: row.expires_at_ms,
  };
}
