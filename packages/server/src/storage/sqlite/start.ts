/** What the embedded engine does when it opens its file. One process owns it, so nobody else is at work on it. */
import type { Dice } from "../../base/dice.ts";
import { freeLeases } from "./claim.ts";
import { type Database, openDatabase } from "./database.ts";
import { forgetRunning } from "./idempotency.ts";
import { migrate } from "./migrate.ts";
import { createVerbs, type Verbs } from "./verbs.ts";

export interface StartOptions {
  readonly file: string;
  readonly nowMs: number;
  readonly dice: Dice;
}

export interface Started {
  readonly database: Database;
  readonly verbs: Verbs;
}

export function startDatabase({ file, nowMs, dice }: StartOptions): Started {
  const database = openDatabase(file);
  try {
    migrate(database);
    database.exec("BEGIN IMMEDIATE");
    freeLeases(database, nowMs);
    forgetRunning(database);
    database.exec("COMMIT");
    return { database, verbs: createVerbs(database, dice) };
  } catch (error) {
    database.close();
    throw error;
  }
}
