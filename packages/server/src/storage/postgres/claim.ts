import type { HookId } from "@trulinks/protocol";
import type { Claim, ClaimRequest } from "../../webhooks/claim.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { freeRunOut, giveBack } from "./come-back.ts";
import type { Database, Queries } from "./database.ts";
import { findNextDue, findTurns, type Looked, passTurns, type Queue } from "./due.ts";
import { leaseOf } from "./lease.ts";

type ClaimVerbs = Pick<WebhookStore, "claimDue" | "release" | "findNextDueMs">;

export function createClaiming(database: Database): ClaimVerbs {
  return {
    claimDue: (request) => claimDue(database, request),
    release: (claims, nowMs) => giveBack(database, claims, nowMs),
    findNextDueMs: (exceptHooks) => findNextDue(database, exceptHooks),
  };
}

// Each round looks at hooks whose turn has come, and goes on to others where something had ended meanwhile or has expired.
const ROUNDS_MAX = 10;

async function claimDue(database: Database, request: ClaimRequest): Promise<readonly Claim[]> {
  const { nowMs, exceptHooks, countMax } = request;
  if (countMax === 0) return [];
  const due = await database.get<DueRow>(IS_DUE, nowMs, exceptHooks);
  if (due?.has_run_out) await freeRunOut(database, nowMs);
  if (!(due?.has_run_out || due?.first || due?.retry)) return [];
  const { claims, looked } = await database.transact((transaction) => claimInTurn(transaction, request));
  // What is claimed is claimed. Turns that are not passed are too early, and are looked at once more.
  await passTurns(database, looked, nowMs).catch(() => {});
  return claims;
}

interface DueRow {
  readonly has_run_out: boolean;
  readonly first: boolean;
  readonly retry: boolean;
}

// Mostly nothing is, and then this is all that it costs.
const IS_DUE = `SELECT
  EXISTS (SELECT FROM deliveries WHERE state = 'waiting' AND is_leased AND next_at_ms <= $1) AS has_run_out,
  EXISTS (SELECT FROM turns WHERE first_at_ms <= $1 AND hook_id <> ALL($2)) AS first,
  EXISTS (SELECT FROM turns WHERE retry_at_ms <= $1 AND hook_id <> ALL($2)) AS retry`;

interface Claimed {
  readonly claims: Claim[];
  readonly looked: Looked[];
}

async function claimInTurn(queries: Queries, request: ClaimRequest): Promise<Claimed> {
  const claimed: Claimed = { claims: [], looked: [] };
  await claimFrom(queries, "first", request, claimed);
  const countMax = Math.min(request.countMax, claimed.claims.length + request.retriesMax);
  const expired = await claimFrom(queries, "retry", { ...request, countMax }, claimed);
  // Behind a retry of a serial hook that had expired something may wait that was never tried.
  if (expired > 0) await claimFrom(queries, "first", request, claimed);
  return claimed;
}

/** Adds to what is claimed, and says how many had expired instead. */
async function claimFrom(
  queries: Queries,
  queue: Queue,
  { nowMs, countMax, hookMax, exceptHooks, onlyHooks }: ClaimRequest,
  { claims, looked }: Claimed,
): Promise<number> {
  const done = new Set(exceptHooks);
  let expired = 0;
  for (let round = 0; round < ROUNDS_MAX && claims.length < countMax; round++) {
    const room = countMax - claims.length;
    const earlier = countByHook(claims);
    for (const [hookId, count] of earlier) if (count >= hookMax) done.add(hookId);
    const turns = { queue, nowMs, exceptHooks: [...done], onlyHooks, countMax: room };
    const hookIds = await findTurns(queries, turns);
    if (hookIds.length === 0) break;
    // As many as there is room for will mostly be found if each is looked at for twice its share.
    const share = Math.min(Math.ceil((2 * room) / hookIds.length), room);
    const hooks = hookIds.map((id) => ({ id, countMax: Math.min(hookMax - (earlier.get(id) ?? 0), share) }));
    const found = await leaseOf(queries, { queue, nowMs, countMax: room, hooks });
    claims.push(...found.claims);
    expired += found.expired.length;
    const counts = countByHook(found.claims);
    for (const { id, countMax: asked } of hooks) {
      looked.push({ queue, hookId: id, isGiven: counts.has(id) });
      if (counts.get(id) !== asked && !found.expired.includes(id)) done.add(id);
    }
  }
  return expired;
}

function countByHook(claims: readonly Claim[]): ReadonlyMap<HookId, number> {
  const counts = new Map<HookId, number>();
  for (const { hook } of claims) counts.set(hook.id, (counts.get(hook.id) ?? 0) + 1);
  return counts;
}
