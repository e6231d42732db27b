/** What went wrong, in a form that crosses from one thread to another. */
import { StartRefused } from "../../base/start-refused.ts";
import { Unavailable } from "../../base/unavailable.ts";

export type Failure =
  | { readonly kind: "unavailable"; readonly message: string }
  | { readonly kind: "start-refused"; readonly message: string }
  /** A bug. Its class does not cross, but its name does. */
  | {
      readonly kind: "broken";
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
    };

// https://www.sqlite.org/rescode.html: the low byte is the primary code.
const UNAVAILABLE: Readonly<Record<number, string>> = {
  5: "The database file is locked by another process.",
  6: "The database file is locked by another process.",
  8: "The database file cannot be written to.",
  10: "The disk does not read or write the database file.",
  13: "The disk is full.",
  14: "The database file cannot be opened.",
};

const NO_DATABASE: Readonly<Record<number, string>> = {
  11: "The database file is damaged.",
  26: "The database file is not a SQLite database.",
};

export const RETRY_AFTER_S = 30;

export function toFailure(thrown: unknown): Failure {
  const code = primaryCode(thrown);
  const unavailable = UNAVAILABLE[code];
  if (unavailable !== undefined) return { kind: "unavailable", message: unavailable };
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error instanceof StartRefused) return { kind: "start-refused", message: error.message };
  const { name, message, stack } = error;
  return { kind: "broken", name, message, stack };
}

/** The same for what is thrown while the file is opened: nobody can try that again later. */
export function toStartFailure(thrown: unknown, file: string): Failure {
  const code = primaryCode(thrown);
  const sentence = UNAVAILABLE[code] ?? NO_DATABASE[code];
  if (sentence === undefined) return toFailure(thrown);
  const mend = "Choose another data folder with --data DIR, or put a backup in its place.";
  return { kind: "start-refused", message: `${sentence} It is ${file}. ${mend}` };
}

export function toError(failure: Failure): Error {
  switch (failure.kind) {
    case "unavailable":
      return new Unavailable(failure.message, RETRY_AFTER_S);
    case "start-refused":
      return new StartRefused(failure.message);
    case "broken":
      return Object.assign(new Error(failure.message), { name: failure.name, stack: failure.stack });
    default:
      return failure satisfies never;
  }
}

function primaryCode(thrown: unknown): number {
  const isOfSqlite = thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number";
  return isOfSqlite ? (thrown.errcode as number) & 0xff : 0;
}
