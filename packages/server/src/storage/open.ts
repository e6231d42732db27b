import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import type { CommittedFact, Storage } from "./storage.ts";

export interface OpenStorage {
  /** Where the embedded engine keeps its file. */
  readonly dataFolder: string;
  /** A PostgreSQL URL, or null for the embedded engine. */
  readonly databaseUrl: string | null;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
  readonly onFact?: ((fact: CommittedFact) => void) | undefined;
}

/** Opens the engine that the options ask for, its schema brought up to date. Only that engine's code is loaded. */
export async function openStorage({ dataFolder, databaseUrl, ...world }: OpenStorage): Promise<Storage> {
  if (databaseUrl !== null) {
    const { openPostgres } = await import("./postgres/open.ts");
    return openPostgres({ url: databaseUrl, ...world });
  }
  const { openSqlite } = await import("./sqlite/open.ts");
  return openSqlite({ file: join(dataFolder, "trulinks.db"), ...world });
}
