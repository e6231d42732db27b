import { after } from "node:test";
import pg from "pg";
import { usePostgres } from "../../../../../test/services/postgres.ts";
import { accountStoreContract } from "../../accounts/store.contract.ts";
import type { OpenedStorage } from "../../accounts/store-fixtures.contract.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import { secretStoreContract } from "../../secrets/store.contract.ts";
import { webhookStoreContract } from "../../webhooks/store.contract.ts";
import { openPostgres } from "./open.ts";

const postgres = await usePostgres();
const url = await postgres.createDatabase();
const storage = await openPostgres({
  url,
  clock: systemClock,
  dice: systemDice,
  log: createLog({ level: "error" }),
});
const cleaner = new pg.Client({ connectionString: url });
await cleaner.connect();

after(async () => {
  await cleaner.end();
  await storage.close();
  await postgres.stop();
});

/** Tests run one after the other, so emptying one database serves, and is ten times as fast as making another. */
async function open(): Promise<OpenedStorage> {
  const tables = [
    ["deliveries", "attempts", "events", "receipts", "settings", "idempotency"],
    ["hooks", "tokens", "grants", "group_members", "apps", "users"],
  ];
  await cleaner.query(
    tables
      .flat()
      .map((table) => `DELETE FROM ${table}`)
      .join(";"),
  );
  return { storage, close: async () => {} };
}

accountStoreContract("PostgreSQL", open);
webhookStoreContract("PostgreSQL", open);
secretStoreContract("PostgreSQL", open);
