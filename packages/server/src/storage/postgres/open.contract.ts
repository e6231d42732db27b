/** How the contract suites open this engine. */
import pg from "pg";
import { usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import type { OpenEngine } from "../durability-writer.contract.ts";
import type { Storage } from "../storage.ts";
import { openPostgres } from "./open.ts";

const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };

/** `url`: of a database that nobody else uses. Waits for what the server still does for a process that was killed. */
export const openEngine: OpenEngine = async (url) => {
  const observer = new pg.Client({ connectionString: url });
  await observer.connect();
  const others = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'`;
  while ((await observer.query(others)).rowCount !== 0) await systemClock.sleep(5);
  await observer.end();
  return openPostgres({ url, ...world });
};

export interface Emptied {
  /** The one storage, with nothing in it. */
  open(): Promise<{ readonly storage: Storage; close(): Promise<void> }>;
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Tests run one after the other, so emptying one database serves, and is ten times as fast as making another. */
export async function openEmptied(): Promise<Emptied> {
  const postgres = await usePostgres();
  const url = await postgres.createDatabase();
  const storage = await openPostgres({ url, ...world });
  const cleaner = new pg.Client({ connectionString: url });
  await cleaner.connect();
  return {
    async open() {
      await cleaner.query([...TABLES.map((table) => `DELETE FROM ${table}`), FROM_THE_FIRST].join(";"));
      return { storage, close: async () => {} };
    },
    createDatabase: postgres.createDatabase,
    async stop() {
      await cleaner.end();
      await storage.close();
      await postgres.stop();
    },
  };
}

const FROM_THE_FIRST = "UPDATE payloads_through SET at_ms = 0, id = ''";

// What others refer to comes last.
const TABLES = [
  ...[
    "event_types",
    "event_type_versions",
    "deliveries",
    "attempts",
    "events",
    "receipts",
    "settings",
    "idempotency",
    "standings",
    "audit",
    "replays",
    "erasures",
  ],
  ...["hooks", "tokens", "grants", "group_members", "apps", "users"],
];
