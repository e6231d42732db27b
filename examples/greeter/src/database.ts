import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** One SQLite file. What has been written is on disk when the call returns. */
export interface Database {
  all<Row>(sql: string, ...values: SQLInputValue[]): readonly Row[];
  one<Row>(sql: string, ...values: SQLInputValue[]): Row | null;
  /** How many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** All of it or, if `run` throws, nothing. */
  transaction<Result>(run: () => Result): Result;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS jobs (
    position INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL UNIQUE, user TEXT NOT NULL, project INTEGER NOT NULL,
    number INTEGER NOT NULL, author TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0,
    key_round INTEGER NOT NULL DEFAULT 0, due_at_ms INTEGER NOT NULL, received_at_ms INTEGER NOT NULL, reason TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (position) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS jobs_of_issue ON jobs (project, number, position);
  CREATE INDEX IF NOT EXISTS jobs_by_age ON jobs (received_at_ms);
  CREATE TABLE IF NOT EXISTS greeted (
    project INTEGER NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (project, number))
    STRICT, WITHOUT ROWID;
`;

// How long a start waits for the process before it to be gone.
const LOCK_MS_MAX = 5_000;

/**
 * Opens `greeter.db` in the folder, which is made if it is missing. The file holds a secret: 0600. One process owns
 * it until it closes it or dies: two workers might greet the same issue.
 */
export function openDatabase(folder: string): Database {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "greeter.db");
  const connection = new DatabaseSync(file);
  chmodSync(file, 0o600);
  connection.exec(`PRAGMA busy_timeout = ${LOCK_MS_MAX}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;`);
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
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
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

export function readSetting(db: Database, name: string): string | null {
  return db.one<{ value: string }>("SELECT value FROM settings WHERE name = ?", name)?.value ?? null;
}

export function writeSetting(db: Database, name: string, value: string): void {
  db.run(
    "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    name,
    value,
  );
}
