/** What the suites of replays share. */
import assert from "node:assert/strict";
import { type HookId, makeId } from "@trulinks/protocol";
import { systemDice } from "../base/dice.ts";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { Replay, ReplayReach } from "./replay.ts";
import type { NewReplay } from "./replay-store.ts";
import type { Next } from "./retry.ts";
import {
  claimAll,
  claiming,
  DELIVERED,
  eventOf,
  listAll,
  REFUSED,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

export const ALL: ReplayReach = { kind: "all" };

export function replayAt(nowMs: number, over: Partial<NewReplay> = {}): NewReplay {
  return {
    id: makeId("replay", nowMs, systemDice.bytes(16)),
    reach: ALL,
    filter: { states: ["failed"] },
    perS: null,
    nowMs,
    ownedMax: 10,
    countMax: 100,
    ...over,
  };
}

export async function begin({ replays }: Storage, replay: NewReplay): Promise<Replay> {
  const made = await replays.createReplay(replay);
  assert.ok(made.kind === "made", `the replay was ${made.kind}`);
  return made.replay;
}

export const LATER_MS = START_MS + 3_600_000;
export const FAILED = { kind: "failed", because: "attempts-exhausted" } as const;

/** Events that went to every hook of theirs, and ended so. */
export async function pass(
  storage: Storage,
  count: number,
  {
    next = FAILED,
    ...over
  }: { readonly next?: typeof FAILED | typeof DELIVERED } & Parameters<typeof eventOf>[1] = {},
): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => eventOf(`evt_${passed++}_${n}`, over));
  await storage.webhooks.ingest(events, claiming());
  await settleAll(storage, await claimAll(storage, LATER_MS - 1), next);
}

let passed = 0;

export async function settleAll(
  storage: Storage,
  claims: readonly Claim[],
  next: Next,
  nowMs = START_MS + 1,
): Promise<void> {
  const settled = await Promise.all(
    claims.map((claim) => settleAs(storage, claim, next, { ...REFUSED, nowMs })),
  );
  assert.ok(settled.every(Boolean));
}

/** Steps until nothing more is released: of as many as that, the numbers by hook, in the order in which they are due. */
export async function advance(
  { replays }: Storage,
  fromMs = LATER_MS,
): Promise<{ released: number; nowMs: number }> {
  let released = 0;
  let nowMs = fromMs;
  for (let steps = 0; steps < 1_000; steps++) {
    const step = await replays.advanceReplays(nowMs);
    released += step.released;
    if (step.nextMs === null || step.nextMs > nowMs) return { released, nowMs };
    nowMs += 1;
  }
  assert.fail("the replay has no end");
}

/** Works off what is due, and answers with what was claimed. */
export async function deliver(storage: Storage, nowMs: number): Promise<readonly Claim[]> {
  const claims = await claimAll(storage, nowMs);
  await settleAll(storage, claims, DELIVERED, nowMs);
  return claims;
}

/** Runs a replay to its end, its deliveries delivered as they come. */
export async function run(
  storage: Storage,
  replay: NewReplay,
): Promise<{ claims: readonly Claim[]; replay: Replay }> {
  const { id } = await begin(storage, replay);
  const claims: Claim[] = [];
  for (let nowMs = replay.nowMs, turns = 0; turns < 500; turns++, nowMs += 1_000) {
    const advanced = await advance(storage, nowMs);
    claims.push(...(await deliver(storage, advanced.nowMs)));
    const found = await storage.replays.findReplay(id, ALL);
    assert.ok(found);
    if (found.state !== "running") return { claims, replay: found };
  }
  assert.fail("the replay has no end");
}

export const nameOf = ({ hook, sequence }: Claim): string => `${hook.id.replace("hok_", "")} ${sequence}`;

export async function advanceAt({ replays }: Storage, nowMs: number): Promise<number> {
  let released = 0;
  for (let steps = 0; steps < 100; steps++) {
    const step = await replays.advanceReplays(nowMs);
    released += step.released;
    if (step.nextMs === null || step.nextMs > nowMs) break;
  }
  return released;
}

export async function waitingFor(storage: Storage): Promise<ReadonlyMap<HookId, number>> {
  const waiting = await listAll(storage, { state: "waiting" });
  return new Map([...Map.groupBy(waiting, (one) => one.hookId)].map(([id, of]) => [id, of.length]));
}
