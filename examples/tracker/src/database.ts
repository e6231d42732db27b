import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** One SQLite file. A transaction that has returned is on disk, whatever happens next. */
export interface Database {
  all<Row>(sql: string, ...values: SQLInputValue[]): readonly Row[];
  one<Row>(sql: string, ...values: SQLInputValue[]): Row | null;
  /** The id of the inserted row, where one was inserted, and how many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): { readonly id: number; readonly changes: number };
  /** All of it or, if `run` throws, nothing. */
  transaction<Result>(run: () => Result): Result;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT, created_at TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT, public INTEGER NOT NULL,
    owner TEXT NOT NULL REFERENCES users, last_number INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS watchers (
    project_id INTEGER NOT NULL REFERENCES projects, user_id TEXT NOT NULL REFERENCES users,
    PRIMARY KEY (project_id, user_id)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS issues (
    project_id INTEGER NOT NULL REFERENCES projects, number INTEGER NOT NULL, title TEXT NOT NULL, body TEXT,
    state TEXT NOT NULL, author TEXT NOT NULL REFERENCES users, app TEXT, created_at TEXT NOT NULL, closed_at TEXT,
    PRIMARY KEY (project_id, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, issue INTEGER NOT NULL, body TEXT NOT NULL,
    author TEXT NOT NULL REFERENCES users, app TEXT, created_at TEXT NOT NULL,
    FOREIGN KEY (project_id, issue) REFERENCES issues (project_id, number)) STRICT;
  CREATE INDEX IF NOT EXISTS comments_of_issue ON comments (project_id, issue, id);
  CREATE TABLE IF NOT EXISTS pull_requests (
    project_id INTEGER NOT NULL REFERENCES projects, number INTEGER NOT NULL, title TEXT NOT NULL, body TEXT,
    head TEXT NOT NULL, base TEXT NOT NULL, state TEXT NOT NULL, author TEXT NOT NULL REFERENCES users, app TEXT,
    created_at TEXT NOT NULL, merged_at TEXT, PRIMARY KEY (project_id, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL REFERENCES users, project_id INTEGER NOT NULL,
    reason TEXT NOT NULL, subject TEXT NOT NULL, url TEXT NOT NULL, read INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS notifications_of_user ON notifications (user_id, id);
  CREATE TABLE IF NOT EXISTS outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, path TEXT NOT NULL, body TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS outbox_traces (position INTEGER PRIMARY KEY, traceparent TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS outbox_refused (
    position INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, body TEXT, status INTEGER NOT NULL,
    reason TEXT NOT NULL, refused_at TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS answers (
    caller TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (caller, key)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS answers_by_age ON answers (at_ms);
`;

// How long a start waits for the process before it to be gone.
const LOCK_MS_MAX = 5_000;

/**
 * Opens `tracker.db` in the folder, which is made if it is missing. One process owns it until it closes it or dies:
 * a second publisher would send the same calls beside the first, and their order would be lost.
 */
export function openDatabase(folder: string): Database {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "tracker.db");
  const connection = new DatabaseSync(file);
  chmodSync(file, 0o600);
  connection.exec(`PRAGMA busy_timeout = ${LOCK_MS_MAX}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;`);
  connection.exec(`BEGIN EXCLUSIVE; ${SCHEMA} COMMIT;`);

  const statements = new Map<string, StatementSync>();
  function prepared(sql: string): StatementSync {
    const statement = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }

  return {
    all: <Row>(sql: string, ...values: SQLInputValue[]) => prepared(sql).all(...values) as unknown as Row[],
    one: <Row>(sql: string, ...values: SQLInputValue[]) =>
      (prepared(sql).get(...values) as unknown as Row | undefined) ?? null,
    run(sql, ...values) {
      const { lastInsertRowid, changes } = prepared(sql).run(...values);
      return { id: Number(lastInsertRowid), changes: Number(changes) };
    },
    transaction(run) {
      connection.exec("BEGIN IMMEDIATE");
      try {
        const result = run();
        connection.exec("COMMIT");
        return result;
      } catch (error) {
        // A failed COMMIT (a full disk) may have ended the transaction already.
        if (connection.isTransaction) connection.exec("ROLLBACK");
        throw error;
      }
    },
    close: () => connection.close(),
  };
}
