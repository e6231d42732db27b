import type { HookId } from "@trulinks/protocol";
import type { Claim, ClaimRequest } from "../../webhooks/claim.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { freeRunOut, giveBack } from "./come-back.ts";
import type { Database, Transaction } from "./database.ts";
import { findNextDue, passTurns, type Queue, takeTurns } from "./due.ts";
import { leaseOf } from "./lease.ts";

type ClaimVerbs = Pick<WebhookStore, "claimDue" | "release" | "findNextDueMs">;

export function createClaiming(database: Database): ClaimVerbs {
  return {
    claimDue: (request) => claimDue(database, request),
    release: (claims, nowMs) => giveBack(database, claims, nowMs),
    findNextDueMs: (exceptHooks) => findNextDue(database, exceptHooks),
  };
}

// Each round takes the turns that have come, so one that claims nothing made the queue shorter: something had ended
// meanwhile, or has expired.
const ROUNDS_MAX = 10;

async function claimDue(database: Database, request: ClaimRequest): Promise<readonly Claim[]> {
  const { nowMs, exceptHooks, countMax } = request;
  if (countMax === 0) return [];
  const due = await database.get<DueRow>(IS_DUE, nowMs, exceptHooks);
  if (due?.has_run_out) await freeRunOut(database, nowMs);
  const mayHold = due?.has_run_out || due?.first || due?.retry;
  return mayHold ? database.transact((transaction) => claimInTurn(transaction, request)) : [];
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

async function claimInTurn(transaction: Transaction, request: ClaimRequest): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  await claimFrom(transaction, "first", request, claims);
  const countMax = Math.min(request.countMax, claims.length + request.retriesMax);
  const expired = await claimFrom(transaction, "retry", { ...request, countMax }, claims);
  // Behind a retry of a serial hook that had expired something may wait that was never tried.
  if (expired > 0) await claimFrom(transaction, "first", request, claims);
  return claims;
}

/** Adds to the claims, and says how many had expired instead. */
async function claimFrom(
  transaction: Transaction,
  queue: Queue,
  { nowMs, countMax, hookMax, exceptHooks, onlyHooks }: ClaimRequest,
  claims: Claim[],
): Promise<number> {
  let expired = 0;
  for (let round = 0; round < ROUNDS_MAX && claims.length < countMax; round++) {
    const room = countMax - claims.length;
    const earlier = countByHook(claims);
    const full = [...earlier].filter(([, count]) => count >= hookMax).map(([hookId]) => hookId);
    const turns = { queue, nowMs, exceptHooks: [...exceptHooks, ...full], onlyHooks, countMax: room };
    const hookIds = await takeTurns(transaction, turns);
    if (hookIds.length === 0) break;
    // As many as there is room for will mostly be found if each is looked at for twice its share.
    const share = Math.ceil((2 * room) / hookIds.length);
    const hooks = hookIds.map((id) => ({
      id,
      countMax: Math.min(hookMax - (earlier.get(id) ?? 0), share, room),
    }));
    const found = await leaseOf(transaction, { queue, nowMs, countMax: room, hooks });
    claims.push(...found.claims);
    expired += found.expired;
    const counts = countByHook(found.claims);
    await passTurns(transaction, { queue, hookIds, given: [...counts.keys()], nowMs });
    const mayHoldMore = hooks.some(({ id, countMax: asked }) => asked === share && counts.get(id) === asked);
    if (hookIds.length < room && found.expired === 0 && !mayHoldMore) break;
  }
  return expired;
}

function countByHook(claims: readonly Claim[]): ReadonlyMap<HookId, number> {
  const counts = new Map<HookId, number>();
  for (const { hook } of claims) counts.set(hook.id, (counts.get(hook.id) ?? 0) + 1);
  return counts;
}
