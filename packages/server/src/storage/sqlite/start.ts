/** What the embedded engine does when it opens its file. One process owns it, so nobody else is at work on it. */
import type { Dice } from "../../base/dice.ts";
import { openDatabase } from "./database.ts";
import { forgetRunning } from "./idempotency.ts";
import { createMemory, type Ground } from "./memory.ts";
import { migrate } from "./migrate.ts";
import { createVerbs, type Verbs } from "./verbs.ts";

export interface StartOptions {
  readonly file: string;
  readonly dice: Dice;
}

export interface Started extends Ground {
  readonly verbs: Verbs;
}

export function startDatabase({ file, dice }: StartOptions): Started {
  const database = openDatabase(file);
  try {
    migrate(database);
    database.exec("BEGIN IMMEDIATE");
    forgetRunning(database);
    const memory = createMemory(database);
    database.exec("COMMIT");
    const ground = { database, memory, dice };
    return { ...ground, verbs: createVerbs(ground) };
  } catch (error) {
    database.close();
    throw error;
  }
}
