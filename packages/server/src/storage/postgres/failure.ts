/** What an error of the database means for whoever asked. */
import pg from "pg";
import { Unavailable } from "../../base/unavailable.ts";

export type Failure =
  /** The transaction was undone for the sake of another; the same again may well succeed. */
  | "conflict"
  | "unreachable"
  | "full"
  /** An error of ours. */
  | "bug";

/** Thrown inside a transaction that another one got ahead of: it is undone and run again. */
export class Conflict extends Error {}

const CONFLICTS = new Set(["40001", "40P01"]);
const FULL = new Set(["53100", "53200"]);
// 08 connection, 25006 read-only (a failover is under way), 28 and 3D no entry (any more), 53 out of something,
// 55P03 and 57 cut off by a limit or an operator, 58 the server's own system.
const UNREACHABLE = /^(08|25006|28|3D|53|55P03|57|58)/;
const LOST_SOCKETS = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);
// The client's own words when a connection goes away under it; they have no code.
const LOST_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|timeout expired)/;

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return "bug";
  if (error instanceof Conflict) return "conflict";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (error instanceof pg.DatabaseError) {
    if (CONFLICTS.has(code)) return "conflict";
    if (FULL.has(code)) return "full";
    return UNREACHABLE.test(code) ? "unreachable" : "bug";
  }
  return LOST_SOCKETS.has(code) || LOST_WORDS.test(error.message) ? "unreachable" : "bug";
}

const RETRY_AFTER_S = { conflict: 1, unreachable: 2, full: 30 } as const;
const SENTENCES = {
  conflict: "The database is too busy with the same thing. Try again.",
  unreachable: "The database cannot be reached now. Try again.",
  full: "The database has no room left. Nothing was stored.",
} as const;

/** The error as it leaves the engine: bugs as they are, the rest as `Unavailable`. */
export function outward(error: unknown): unknown {
  const failure = failureOf(error);
  if (failure === "bug") return error;
  const unavailable = new Unavailable(SENTENCES[failure], RETRY_AFTER_S[failure]);
  unavailable.cause = error;
  return unavailable;
}
