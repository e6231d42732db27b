import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AppId, GrantId, GroupId, HookId, UserId } from "@trulinks/protocol";
import pg from "pg";
import { type Postgres, usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import type { Part } from "../../base/lifecycle.ts";
import { createLog } from "../../base/log.ts";
import type { Storage } from "../storage.ts";
import { APP, claimUpTo, eventFor, hookWith, NOW_MS } from "./costs.contract.ts";
import type { Notice } from "./notices.ts";
import { openPostgres } from "./open.ts";

const ANN = "ann" as UserId;
const HOOK = "hok_large" as HookId;

let postgres: Postgres;
before(async () => {
  postgres = await usePostgres();
});
after(() => postgres.stop());

/** What one node hears of. */
interface Ear {
  readonly part: Part;
  /** Resolves once it has heard of it since the last time; a test that waits in vain ends at its time limit. */
  heard(notice: Notice): Promise<void>;
  /** What it has heard of since. */
  forget(): ReadonlySet<Notice>;
}

function earOf(storage: Storage): Ear {
  let heard = new Set<Notice>();
  let waiting: (() => void) | null = null;
  const hear = (notice: Notice) => () => {
    heard.add(notice);
    waiting?.();
  };
  const part = storage.listen?.({ due: hear("due"), changed: hear("changed") });
  assert.ok(part);
  return {
    part,
    async heard(notice) {
      while (!heard.delete(notice)) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
    },
    forget() {
      const before = heard;
      heard = new Set();
      return before;
    },
  };
}

/** Two nodes that listen, over a database with one user, one app, its hook and its grant. */
async function onTwoNodes(
  use: (nodes: readonly [Storage, Storage], ears: readonly [Ear, Ear], url: string) => Promise<void>,
): Promise<void> {
  const url = await postgres.createDatabase();
  const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "silent" }) };
  const nodes = await Promise.all([openPostgres({ url, ...world }), openPostgres({ url, ...world })]);
  const ears = [earOf(nodes[0]), earOf(nodes[1])] as const;
  try {
    const [{ accounts, webhooks }] = nodes;
    await accounts.createUser({ id: ANN, name: null, email: null, createdAtMs: 1 });
    const app = { id: APP, name: "one", owner: null, contact: null, clientId: "one", createdAtMs: 1 };
    await accounts.createApp(app, new Uint8Array(32));
    await webhooks.createHook(hookWith(HOOK), new Uint8Array(60), { ownedMax: 9, knock: null });
    await accounts.grant({ id: "grn_1" as GrantId, userId: ANN, appId: APP, scopes: [], nowMs: NOW_MS });
    for (const { part, heard } of ears) {
      await part.start();
      // Whoever begins to listen has missed what came before.
      await heard("changed");
    }
    await use(nodes, ears, url);
  } finally {
    for (const { part } of ears) await part.stop();
    for (const node of nodes) await node.close();
  }
}

const change = { nowMs: NOW_MS, knock: null } as const;
const overlap = { nowMs: NOW_MS, oldUntilMs: NOW_MS + 1 } as const;
let eventsCount = 0;

const TOLD: readonly (readonly [string, Notice, (node: Storage) => Promise<unknown>])[] = [
  ["an event that was left to others", "due", ({ webhooks }) => webhooks.ingest([nextEvent()], claimUpTo(0))],
  [
    "a ping",
    "due",
    ({ webhooks }) =>
      webhooks.ping(HOOK, {
        ...{ eventId: "evt_ping" as never, deliveryId: "dlv_ping" as never, data: "{}", atMs: NOW_MS },
      }),
  ],
  ["a change of a hook", "changed", ({ webhooks }) => webhooks.changeHook(HOOK, { state: "paused" }, change)],
  ["a new secret", "changed", ({ webhooks }) => webhooks.rotateSecret(HOOK, new Uint8Array(60), overlap)],
  ["a user's new secret", "changed", ({ webhooks }) => webhooks.rotateUserSecret(HOOK, ANN, overlap)],
  ["a revoked grant", "changed", ({ accounts }) => accounts.revokeGrant("grn_1" as GrantId, NOW_MS)],
  ["a deleted user", "changed", ({ accounts }) => accounts.deleteUser(ANN, NOW_MS)],
  ["a deleted hook", "changed", ({ webhooks }) => webhooks.deleteHook(HOOK, NOW_MS)],
  ["a deleted app", "changed", ({ accounts }) => accounts.deleteApp(APP as AppId, NOW_MS)],
];

function nextEvent() {
  return eventFor(`evt_${++eventsCount}`, ANN);
}

test("other nodes hear at once", (suite) =>
  onTwoNodes(async ([one], [, ear]) => {
    for (const [title, notice, act] of TOLD) {
      await suite.test(`of ${title}`, async () => {
        ear.forget();
        await act(one);
        await ear.heard(notice);
      });
    }
  }));

test("nobody hears of what the node that stored it claimed, nor of what nobody has to know", () =>
  onTwoNodes(async ([one], [, ear]) => {
    ear.forget();
    await one.webhooks.ingest([nextEvent()], claimUpTo(9));
    await one.accounts.addToGroup("crew" as GroupId, ANN);
    await one.webhooks.findNextDueMs([]);
    // Notices arrive in order: with the next one all before it have come.
    await one.webhooks.rotateSecret(HOOK, new Uint8Array(60), overlap);
    await ear.heard("changed");
    assert.deepEqual([...ear.forget()], []);
  }));

test("a node does not hear of itself", () =>
  onTwoNodes(async ([one, other], [own, ear]) => {
    own.forget();
    await one.webhooks.ingest([nextEvent()], claimUpTo(0));
    await ear.heard("due");
    await other.webhooks.rotateSecret(HOOK, new Uint8Array(60), overlap);
    await own.heard("changed");
    assert.deepEqual([...own.forget()], []);
  }));

test("of many events at once few notices are sent, and the last is among them", () =>
  onTwoNodes(async ([one], [, ear], url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("LISTEN trulinks");
    let notices = 0;
    client.on("notification", () => {
      notices += 1;
    });
    const startMs = performance.now();
    for (let n = 0; n < 200; n++) await one.webhooks.ingest([nextEvent()], claimUpTo(0));
    await one.webhooks.rotateSecret(HOOK, new Uint8Array(60), overlap);
    await ear.heard("changed");
    await client.query("SELECT 1");
    const pauses = (performance.now() - startMs) / 50;
    assert.ok(notices >= 1 && notices <= pauses + 2, `${notices} notices in ${pauses} pauses`);
    await client.end();
  }));

test("whose line was cut listens again, and looks for what it has missed", () =>
  onTwoNodes(async ([one], [, ear], url) => {
    ear.forget();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`,
    );
    await client.end();
    await ear.heard("changed");
    ear.forget();
    await one.webhooks.ingest([nextEvent()], claimUpTo(0));
    await ear.heard("due");
  }));
