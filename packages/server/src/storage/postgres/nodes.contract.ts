/** Two nodes over one database, and things for them to do. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AppId, EventId, HookId, UserId } from "@trulinks/protocol";
import { type Postgres, usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import type { Claim, ClaimRequest } from "../../webhooks/claim.ts";
import { type Hook, SOUND } from "../../webhooks/hook.ts";
import type { Ingested, NewEvent } from "../../webhooks/new-event.ts";
import type { Next } from "../../webhooks/retry.ts";
import type { Storage } from "../storage.ts";
import { openPostgres } from "./open.ts";

export const WORLD = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };
export const NOW_MS = 1_790_000_000_000;
export const ANN = "ann" as UserId;
export const APP = "app_1" as AppId;
export const HOOK = "hok_1" as HookId;
export const NONE: ClaimRequest = {
  nowMs: NOW_MS,
  countMax: 0,
  retriesMax: 10_000,
  hookMax: 10_000,
  exceptHooks: [],
};
export const FIRST_PAGE = { after: null, countMax: 200 };

let postgres: Postgres;
before(async () => {
  postgres = await usePostgres();
});
after(() => postgres.stop());

export const createDatabase = (): Promise<string> => postgres.createDatabase();

export type Nodes = readonly [Storage, Storage];

/** Two nodes over an empty database with one user, one app, its grant and its hook. */
export function onTwoNodes(title: string, use: (nodes: Nodes) => Promise<void>): void {
  test(title, async () => {
    const url = await postgres.createDatabase();
    const nodes = await Promise.all([openPostgres({ url, ...WORLD }), openPostgres({ url, ...WORLD })]);
    try {
      const [{ accounts, webhooks }] = nodes;
      await accounts.createUser({ id: ANN, name: null, email: null, createdAtMs: 1 });
      const app = { id: APP, name: "one", owner: null, contact: null, clientId: "one", createdAtMs: 1 };
      await accounts.createApp(app, new Uint8Array(32));
      await grantAnn(nodes[0], "grn_1");
      await webhooks.createHook(hookFor(["*"]), new Uint8Array(60), { ownedMax: 10, knock: null });
      await use(nodes);
    } finally {
      for (const node of nodes) await node.close();
    }
  });
}

export function claimsOf(answer: Ingested): readonly Claim[] {
  return answer.kind === "accepted" ? answer.claims : [];
}

export async function grantAnn({ accounts }: Storage, id: string): Promise<void> {
  const granted = await accounts.grant({
    id: id as never,
    userId: ANN,
    appId: APP,
    scopes: [],
    nowMs: NOW_MS,
  });
  assert.equal(granted.kind, "made");
}

export function claimUpTo({ webhooks }: Storage, countMax: number, nowMs: number): Promise<readonly Claim[]> {
  return webhooks.claimDue({ nowMs, countMax, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] });
}

export async function releaseAll({ webhooks }: Storage): Promise<void> {
  for (let steps = 0; (await webhooks.releaseHeld(NOW_MS, 5)) !== null; steps++) assert.ok(steps < 50);
}

/** Revokes what waits, so that each round starts with nothing. */
export async function grantAnew(node: Storage, id: string): Promise<void> {
  const { items } = await node.accounts.listGrants({}, FIRST_PAGE);
  for (const grant of items) await node.accounts.revokeGrant(grant.id, NOW_MS);
  await grantAnn(node, id);
}

export function settleRetry(node: Storage, claim: Claim): Promise<boolean> {
  return settleAs(node, claim, { kind: "retry", atMs: NOW_MS + 5_000 });
}

export function settleAs(
  { webhooks }: Storage,
  { deliveryId, lease, attempt: number }: Claim,
  next: Next,
  nowMs = NOW_MS,
): Promise<boolean> {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
  const attempt = { number, atMs: nowMs, outcome: "reset", status: null, guideline: null, timings } as const;
  return webhooks.settle({ deliveryId, lease, attempt: { ...attempt, exchange: null }, next, nowMs });
}

export function events(prefix: string, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, n) => eventNamed(`evt_${prefix}_${n}`));
}

export function eventNamed(id: string): NewEvent {
  return {
    id: id as EventId,
    receiptKeys: [],
    fingerprint: id,
    type: "issue.opened",
    action: "opened",
    data: "{}",
    userIds: [ANN],
    groupIds: [],
    key: null,
    expiresAtMs: null,
    sensitive: [],
    scopes: null,
    fieldScopes: [],
    trace: null,
    atMs: NOW_MS,
  };
}

export function hookFor(patterns: readonly string[]): Hook {
  return {
    id: HOOK,
    owner: { kind: "app", appId: APP },
    url: "https://receiver.example/",
    events: patterns,
    secretPer: "user",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    health: SOUND,
    createdAtMs: NOW_MS,
  };
}
