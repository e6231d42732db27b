/** Gives deliveries their numbers, without holes: the last one of each hook is read once, and written once at the end. */
import { strict as assert } from "node:assert";
import type { Database } from "./database.ts";
import type { KnownHook } from "./known-hooks.ts";

export interface Numbering {
  next(hook: Pick<KnownHook, "sequenceKey">): number;
  /** Keeps what was given. */
  write(): void;
}

/** For one verb: nobody else gives numbers before `write`. */
export function createNumbering(database: Database): Numbering {
  const lastOf = new Map<number, number>();

  function read(key: number): number {
    const row = database.get<{ readonly last: number }>("SELECT last FROM sequences WHERE key = ?", key);
    assert(row !== undefined, `there is no sequence ${key}`);
    return row.last;
  }

  return {
    next({ sequenceKey }) {
      const number = (lastOf.get(sequenceKey) ?? read(sequenceKey)) + 1;
      lastOf.set(sequenceKey, number);
      return number;
    },
    write() {
      for (const [key, last] of lastOf)
        database.run("UPDATE sequences SET last = ? WHERE key = ?", last, key);
    },
  };
}
