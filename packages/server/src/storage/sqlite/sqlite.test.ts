import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountStoreContract } from "../../accounts/store.contract.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import type { Storage } from "../storage.ts";
import { openSqlite, openSqliteInProcess } from "./open.ts";

const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };

async function open(): Promise<{ storage: Storage; reopen(): Promise<Storage>; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "trulinks-sqlite-"));
  const file = join(folder, "trulinks.db");
  let storage = await openSqlite({ file, ...world });
  return {
    storage,
    async reopen() {
      await storage.close();
      storage = await openSqlite({ file, ...world });
      return storage;
    },
    async close() {
      await storage.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openInProcess(): Promise<{ storage: Storage; close(): Promise<void> }> {
  const storage = openSqliteInProcess({ file: ":memory:", ...world });
  return { storage, close: () => storage.close() };
}

accountStoreContract("SQLite", open);
accountStoreContract("SQLite in process", openInProcess);
