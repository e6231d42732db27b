/** Group commit: whatever has arrived shares one transaction, and so one write to the disk. */
import { strict as assert } from "node:assert";
import { type Failure, toFailure } from "./failure.ts";
import type { Started } from "./start.ts";
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
export function runBatch(started: Started, calls: readonly Call[]): readonly Answer[] {
  const { verbs } = started;
  const reads = calls.filter((call) => isReading(call.verb));
  const writes = calls.filter((call) => !isReading(call.verb));
  const answers = reads.map((call) => attempt(call, () => run(verbs, call)));
  return writes.length === 0 ? answers : [...answers, ...commit(started, writes)];
}

// Verbs throw only where there is a bug or the disk is full: so a batch is tried as one, and if one of its verbs throws,
// each half is. That finds the one that throws among a thousand with some twenty transactions.
function commit(started: Started, writes: readonly Call[]): readonly Answer[] {
  try {
    return inTransaction(started, () => writes.map((call) => done(call, run(started.verbs, call))));
  } catch (error) {
    if (writes.length === 1) return writes.map((call) => failed(call, error));
    const middle = writes.length >> 1;
    return [...commit(started, writes.slice(0, middle)), ...commit(started, writes.slice(middle))];
  }
}

/**
 * What is much to list is listed between batches, when all that was asked is answered: only who comes in that moment
 * waits for it. Where it does not succeed (the disk may be full) it is tried again after the next batch, or by whoever
 * looks for deliveries.
 */
export function listMuch(started: Started): void {
  const { listing } = started.memory;
  if (!listing.isMuch()) return;
  try {
    inTransaction(started, listing.bring);
  } catch {
    // Undone, and nobody was promised anything.
  }
}

function inTransaction<Result>({ database, memory }: Started, work: () => Result): Result {
  database.run("BEGIN IMMEDIATE");
  memory.begin();
  try {
    const result = work();
    database.run("COMMIT");
    return result;
  } catch (error) {
    if (database.isInTransaction) database.run("ROLLBACK");
    memory.undo();
    throw error;
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
