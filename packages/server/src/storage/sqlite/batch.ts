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
 * Reading verbs run first and see what was committed before. Writing ones run in the order they came, each behind a
 * savepoint: one that throws takes back only what it did itself. Nothing is answered before all of it is on disk.
 */
export function runBatch(database: Database, verbs: Verbs, calls: readonly Call[]): readonly Answer[] {
  const reads = calls.filter((call) => isReading(call.verb));
  const writes = calls.filter((call) => !isReading(call.verb));
  const answers = reads.map((call) => attempt(call.id, () => run(verbs, call)));
  return writes.length === 0 ? answers : [...answers, ...commit(database, verbs, writes)];
}

function commit(database: Database, verbs: Verbs, writes: readonly Call[]): readonly Answer[] {
  try {
    database.run("BEGIN IMMEDIATE");
    const answers = writes.map((call) => runBehindSavepoint(database, verbs, call));
    database.run("COMMIT");
    return answers;
  } catch (error) {
    if (database.isInTransaction) database.run("ROLLBACK");
    return writes.map(({ id }) => ({ id, kind: "failed", failure: toFailure(error) }));
  }
}

function runBehindSavepoint(database: Database, verbs: Verbs, call: Call): Answer {
  database.run("SAVEPOINT verb");
  const answer = attempt(call.id, () => {
    try {
      return run(verbs, call);
    } catch (error) {
      // On a full disk SQLite rolls all of it back by itself: what earlier calls of the batch had done is gone, too.
      if (database.isInTransaction) database.run("ROLLBACK TO verb");
      throw error;
    }
  });
  database.run("RELEASE verb");
  return answer;
}

function attempt(id: number, verb: () => unknown): Answer {
  try {
    return { id, kind: "done", result: verb() };
  } catch (error) {
    return { id, kind: "failed", failure: toFailure(error) };
  }
}

function run(verbs: Verbs, { port, verb, args }: Call): unknown {
  const verbsOfPort: Readonly<Record<string, unknown>> = { ...verbs[port] };
  const called = verbsOfPort[verb];
  assert(typeof called === "function", `there is no verb ${port}.${verb}`);
  return called(...args);
}
