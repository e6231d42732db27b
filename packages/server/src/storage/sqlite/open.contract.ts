/** How the suites open this engine. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import type { Storage } from "../storage.ts";
import { openSqlite, openSqliteInProcess } from "./open.ts";

export interface OpenedStorage {
  readonly storage: Storage;
  close(): Promise<void>;
}

const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };

/** For processes that write until they are killed. */
export function openEngine(file: string): Promise<Storage> {
  return openSqlite({ file, ...world });
}

export async function openInFolder(): Promise<OpenedStorage> {
  const folder = await mkdtemp(join(tmpdir(), "trulinks-"));
  const storage = await openEngine(join(folder, "trulinks.db"));
  return {
    storage,
    async close() {
      await storage.close();
      await rm(folder, { recursive: true });
    },
  };
}

export async function openInProcess(): Promise<OpenedStorage> {
  const storage = openSqliteInProcess({ file: ":memory:", ...world });
  return { storage, close: () => storage.close() };
}
