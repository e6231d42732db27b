/** What a verb costs, counted by the server itself: rows written, index entries read, tables read from end to end. */
import assert from "node:assert/strict";
import type { AppId, EventId, HookId, UserId } from "@trulinks/protocol";
import pg from "pg";
import { usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import type { ClaimRequest } from "../../webhooks/claim.ts";
import { type Hook, SOUND } from "../../webhooks/hook.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";
import type { Storage } from "../storage.ts";
import { openPostgres } from "./open.ts";

export const NOW_MS = 1_790_000_000_000;
export const APP = "app_large" as AppId;
export const HOOK = "hok_large" as HookId;

export interface Counting {
  /** Runs on a node of its own. */
  costOf(run: (storage: Storage) => Promise<unknown>): Promise<Cost>;
  /** Prepares what is to be counted; of no cost. */
  run(...scripts: readonly string[]): Promise<void>;
  value(sql: string): Promise<unknown>;
  stop(): Promise<void>;
}

export interface Cost {
  /** Rows written, by table. */
  readonly written: Readonly<Record<string, number>>;
  /** Entries of indexes that were read, by table. */
  readonly read: Readonly<Record<string, number>>;
  /** Large tables that were read from end to end. */
  readonly readThrough: readonly string[];
}

// These have few rows here as in life, and reading them whole is then the best plan.
const SMALL = new Set([
  "apps",
  "hooks",
  "turns",
  "hook_secrets",
  "user_secrets",
  "schema_version",
  "settings",
  "idempotency",
  "replays",
  "replay_lanes",
]);

/** A database with one app and its hook. */
export async function startCounting(): Promise<Counting> {
  const postgres = await usePostgres();
  const url = await postgres.createDatabase();
  const observer = new pg.Client({ connectionString: url });
  await observer.connect();

  const counting: Counting = {
    async costOf(run) {
      const earlier = await countsOf(observer);
      await withStorage(run);
      return difference(earlier, await countsOf(observer));
    },
    async run(...scripts) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      for (const script of scripts) await client.query(script);
      await client.end();
      await othersHaveEnded();
    },
    value: async (sql) => Object.values((await observer.query(sql)).rows[0])[0],
    async stop() {
      await observer.end();
      await postgres.stop();
    },
  };

  async function withStorage(run: (storage: Storage) => Promise<unknown>): Promise<void> {
    const log = createLog({ level: "error" });
    const storage = await openPostgres({ url, clock: systemClock, dice: systemDice, log });
    try {
      await run(storage);
    } finally {
      await storage.close();
    }
    await othersHaveEnded();
  }

  /** A connection hands its counts in when it ends. */
  async function othersHaveEnded(): Promise<void> {
    const others = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'`;
    while ((await observer.query(others)).rowCount !== 0) await systemClock.sleep(5);
  }

  await withStorage(async ({ accounts, webhooks }) => {
    const client = { name: "large", owner: null, contact: null, clientId: "large", createdAtMs: 1 };
    await accounts.createApp({ id: APP, ...client }, new Uint8Array(32));
    await webhooks.createHook(hookWith(HOOK), new Uint8Array(60), { ownedMax: 100, knock: null });
  });
  return counting;
}

interface Counts {
  readonly written: number;
  /** Rows read by scans of the whole table. */
  readonly scanned: number;
  readonly read: number;
}

async function countsOf(observer: pg.Client): Promise<ReadonlyMap<string, Counts>> {
  const found = await observer.query<{ table: string } & Record<keyof Counts, string>>(
    `SELECT relname AS table, n_tup_ins + n_tup_upd + n_tup_del AS written, seq_tup_read AS scanned,
       (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes of WHERE of.relid = tables.relid) AS read
     FROM pg_stat_user_tables tables`,
  );
  return new Map(
    found.rows.map(({ table, written, scanned, read }) => [
      table,
      { written: Number(written), scanned: Number(scanned), read: Number(read) },
    ]),
  );
}

function difference(earlier: ReadonlyMap<string, Counts>, later: ReadonlyMap<string, Counts>): Cost {
  const of = (count: keyof Counts): readonly (readonly [string, number])[] =>
    [...later]
      .map(([table, counts]) => [table, counts[count] - (earlier.get(table)?.[count] ?? 0)] as const)
      .filter(([, more]) => more > 0);
  return {
    written: Object.fromEntries(of("written")),
    read: Object.fromEntries(of("read")),
    readThrough: of("scanned")
      .map(([table]) => table)
      .filter((table) => !SMALL.has(table)),
  };
}

/** So many rows of each table, and no large table was read from end to end. */
export function wrote({ written, readThrough }: Cost, expected: Cost["written"]): void {
  assert.deepEqual({ written, readThrough }, { written: expected, readThrough: [] });
}

export function eventFor(id: string, userId: string): NewEvent {
  return {
    id: id as EventId,
    receiptKeys: [`id:${id}`],
    fingerprint: id,
    type: "issue.opened",
    action: "opened",
    data: "{}",
    userIds: [userId as UserId],
    groupIds: [],
    ...{ key: null, expiresAtMs: null, sensitive: [], scopes: null, fieldScopes: [], trace: null },
    atMs: NOW_MS,
  };
}

export function claimUpTo(countMax: number): ClaimRequest {
  return { nowMs: NOW_MS, countMax, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] };
}

export function hookWith(id: HookId): Hook {
  return {
    id,
    owner: { kind: "app", appId: APP },
    url: "https://receiver.example/",
    events: ["issue.*"],
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
    state: id === HOOK ? "active" : "disabled",
    health: SOUND,
    createdAtMs: NOW_MS,
  };
}
