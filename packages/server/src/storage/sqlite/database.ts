import { DatabaseSync, type StatementSync } from "node:sqlite";
import { systemClock } from "../../base/clock.ts";

export type Value = null | number | string | Uint8Array;

/** The database as the verbs see it: statements by their text, rows by the type the caller knows them to have. */
export interface Database {
  get<Row>(text: string, ...values: readonly Value[]): Row | undefined;
  all<Row>(text: string, ...values: readonly Value[]): readonly Row[];
  /** How many rows were changed. */
  run(text: string, ...values: readonly Value[]): number;
  /** Runs statements without values; nothing is kept prepared. */
  exec(texts: string): void;
  /** False after SQLite itself rolled back, which it does when the disk is full. */
  readonly isInTransaction: boolean;
  close(): void;
}

// How long a connection waits for another's lock. Another one exists only while two starts race to migrate.
const BUSY_MS_MAX = 5_000;
const SET_UP_PAUSE_MS = 20;

// A commit costs by the page: of 8 KB (for files that are made from here on) it took a sixth less for each event than of
// 4 KB; larger ones would make indexes of many hooks costly to write. A checkpoint writes each page once, however often it
// was changed, so it comes seldom: the file beside the database grows to some 64 MB.
const SETTINGS = `
  PRAGMA page_size = 8192;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -65536;
  PRAGMA wal_autocheckpoint = 8000;
`;

/** `file` may be `:memory:`. */
export function openDatabase(file: string): Database {
  const connection = new DatabaseSync(file, { timeout: BUSY_MS_MAX });
  setUp(connection);
  return keepPrepared(connection);
}

/** Where two switch a new file to its journal at once, SQLite does not let one wait for the other, but refuses it. */
function setUp(connection: DatabaseSync): void {
  const untilMs = systemClock.monotonic() + BUSY_MS_MAX;
  for (;;) {
    try {
      connection.exec(SETTINGS);
      return;
    } catch (error) {
      if (!isBusy(error) || systemClock.monotonic() >= untilMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SET_UP_PAUSE_MS);
    }
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) return false;
  // The lower byte of a code says what it is, the rest of which kind.
  return (error.errcode & 0xff) === SQLITE_BUSY;
}

// Preparing costs ten times what running does. Texts are constants of this program, so the map is bounded.
function keepPrepared(connection: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>();
  function prepared(text: string): StatementSync {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = connection.prepare(text);
    statements.set(text, statement);
    return statement;
  }
  return {
    get: <Row>(text: string, ...values: readonly Value[]) => prepared(text).get(...values) as Row | undefined,
    all: <Row>(text: string, ...values: readonly Value[]) =>
      prepared(text).all(...values) as readonly unknown[] as readonly Row[],
    run: (text, ...values) => Number(prepared(text).run(...values).changes),
    exec: (texts) => connection.exec(texts),
    get isInTransaction() {
      return connection.isTransaction;
    },
    close: () => connection.close(),
  };
}
