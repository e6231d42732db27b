/** Group commit: whatever has arrived shares one transaction, and so one write to the disk. */
import { strict as assert } from "node:assert";
import type { Database } from "./database.ts";
import { type Failure, toFailure } from "./failure.ts";
import { isReading, type PortName, type Verbs } from "./verbs.ts";

export interface Call {
  readonly id: number;
  readonly port: PortName;
  readonly verb: string;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly kind: "done"; readonly result: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly failure: Failure };

/**
 * Reading verbs run first and see what was committed before. Writing ones run in the order they came; one that throws
 * takes back only what it did itself. Nothing is answered before all of it is on disk.
 */
export function runBatch(database: Database, verbs: Verbs, calls: readonly Call[]): readonly Answer[] {
  const reads = calls.filter((call) => isReading(call.verb));
  const writes = calls.filter((call) => !isReading(call.verb));
  const answers = reads.map((call) => attempt(call, () => run(verbs, call)));
  return writes.length === 0 ? answers : [...answers, ...commit(database, verbs, writes)];
}

function commit(database: Database, verbs: Verbs, writes: readonly Call[]): readonly Answer[] {
  try {
    return inTransaction(database, () => writes.map((call) => done(call, run(verbs, call))));
  } catch (error) {
    return writes.length === 1 ? writes.map((call) => failed(call, error)) : isolate(database, verbs, writes);
  }
}

// Savepoints cost a fifth of the throughput, and verbs throw only where there is a bug or the disk is full: so a batch
// is tried without them first, and again with them if one of its verbs threw.
function isolate(database: Database, verbs: Verbs, writes: readonly Call[]): readonly Answer[] {
  try {
    return inTransaction(database, () => writes.map((call) => isolated(database, verbs, call)));
  } catch (error) {
    return writes.map((call) => failed(call, error));
  }
}

function inTransaction<Result>(database: Database, work: () => Result): Result {
  database.run("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.run("COMMIT");
    return result;
  } catch (error) {
    if (database.isInTransaction) database.run("ROLLBACK");
    throw error;
  }
}

function isolated(database: Database, verbs: Verbs, call: Call): Answer {
  database.run("SAVEPOINT verb");
  try {
    const result = run(verbs, call);
    database.run("RELEASE verb");
    return done(call, result);
  } catch (error) {
    // On a full disk SQLite has rolled back all of it: what earlier calls of the batch had done is gone, too.
    if (!database.isInTransaction) throw error;
    database.exec("ROLLBACK TO verb; RELEASE verb");
    return failed(call, error);
  }
}

function attempt(call: Call, verb: () => unknown): Answer {
  try {
    return done(call, verb());
  } catch (error) {
    return failed(call, error);
  }
}

function done({ id }: Call, result: unknown): Answer {
  return { id, kind: "done", result };
}

function failed({ id }: Call, error: unknown): Answer {
  return { id, kind: "failed", failure: toFailure(error) };
}

function run(verbs: Verbs, { port, verb, args }: Call): unknown {
  const called: unknown = verbs[port][verb as keyof Verbs[PortName]];
  assert(typeof called === "function", `there is no verb ${port}.${verb}`);
  return called(...args);
}
