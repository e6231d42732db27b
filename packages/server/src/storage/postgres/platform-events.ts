/**
 * Events of the platform's own, to the hooks of an owner. Those are locked before anything else, in the order in which
 * everybody locks hooks. They are due at once; who stores one wakes the sender.
 */
import { type HookId, ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { ClaimRequest } from "../../webhooks/claim.ts";
import { isResumable } from "../../webhooks/health.ts";
import type { Hook, HookOwner } from "../../webhooks/hook.ts";
import {
  concernedBy,
  type HookEventType,
  hookEvent,
  newPlatformEvent,
  type PlatformEvent,
} from "../../webhooks/platform-event.ts";
import { viewOf } from "../../webhooks/view.ts";
import type { Queries, Transaction } from "./database.ts";
import { type Draft, type KnownHook, number } from "./drafts.ts";
import { noteBoth } from "./due.ts";
import { activate } from "./hold.ts";
import { findHookRow, toHook } from "./hook-row.ts";
import { lockHooks, matchedOf } from "./match.ts";
import { findLines, storeEvents } from "./store-events.ts";

export interface Telling {
  readonly transaction: Transaction;
  readonly dice: Pick<Dice, "bytes">;
}

/** All hooks of an owner that are not disabled, locked. */
export interface OwnersHooks {
  readonly owner: HookOwner;
  readonly ids: readonly HookId[];
}

/** Null: there is no such hook. */
export async function holdOwnersHooks(
  queries: Queries,
  hookId: HookId,
  nowMs: number,
): Promise<OwnersHooks | null> {
  const row = await findHookRow(queries, hookId);
  if (row === undefined) return null;
  const { owner } = toHook(row);
  return { owner, ids: [...(await lockOf(queries, owner, nowMs)).keys()] };
}

/** The same, if failing had paused it. */
export async function holdIfResumable(
  queries: Queries,
  hookId: HookId,
  nowMs: number,
): Promise<OwnersHooks | null> {
  const row = await findHookRow(queries, hookId);
  const hook = row === undefined ? null : toHook(row);
  if (hook === null || !isResumable(hook.state, hook.health)) return null;
  return { owner: hook.owner, ids: [...(await lockOf(queries, hook.owner, nowMs)).keys()] };
}

async function lockOf(
  queries: Queries,
  owner: HookOwner,
  nowMs: number,
): Promise<ReadonlyMap<HookId, KnownHook>> {
  const rows =
    owner.kind === "user"
      ? await queries.all<IdRow>("SELECT id FROM hooks WHERE owner_user_id = $1", owner.userId)
      : await queries.all<IdRow>("SELECT id FROM hooks WHERE owner_app_id = $1", owner.appId);
  return lockHooks(
    queries,
    rows.map(({ id }) => id),
    nowMs,
  );
}

interface IdRow {
  readonly id: HookId;
}

/**
 * A hook that failing had paused, and whose owner's hooks are held, is active again, and its owner is told. Turns are noted in
 * one order, by whoever notes several: first those of all that may be told.
 */
export async function resume(
  telling: Telling,
  owners: OwnersHooks,
  { hook, nowMs, perS }: { readonly hook: Hook; readonly nowMs: number; readonly perS: number | null },
): Promise<void> {
  await noteBoth(telling.transaction, owners.ids, nowMs);
  await activate(telling.transaction, hook.id, { nowMs, perS });
  await tellOwner(telling, owners, "hook.resumed", { hook, nowMs });
}

/** What has become of a hook; `hook`: as it was before. Its owner's hooks are held, and read as they are by now. */
export async function tellOwner(
  telling: Telling,
  owners: OwnersHooks,
  type: HookEventType,
  { hook, nowMs }: { readonly hook: Hook; readonly nowMs: number },
): Promise<void> {
  await storePlatformEvent(telling, owners, { event: hookEvent(type, hook), nowMs });
}

/** To those of the owner's hooks that want it, as any other event. */
export async function storePlatformEvent(
  { transaction, dice }: Telling,
  { owner, ids }: OwnersHooks,
  { event: given, nowMs }: { readonly event: PlatformEvent; readonly nowMs: number },
): Promise<void> {
  const event = newPlatformEvent(given, makeId("event", nowMs, dice.bytes(ID_CHANCE_BYTES)), nowMs);
  const claim: ClaimRequest = { nowMs, countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] };
  const matched = matchedOf(event);
  const drafts = [...(await lockHooks(transaction, ids, nowMs)).values()].flatMap((known): Draft[] => {
    const seen = viewOf(matched, known.hook, null);
    if (seen === null) return [];
    const [userId, grantId] = [concernedBy(owner), null];
    return [{ entry: { event, claim }, known, userId, grantId, view: seen.view }];
  });
  if (drafts.length === 0) return;
  const numbered = number(drafts, { dice, inLine: await findLines(transaction, drafts) });
  await storeEvents(transaction, numbered, [
    { event, receipt: { id: event.id, deliveries: drafts.length, unknown: [] } },
  ]);
}
