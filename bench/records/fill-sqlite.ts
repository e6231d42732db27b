/** Fills the embedded engine's file straight: its indexes are made afterwards, which takes a tenth of the time. */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ID_PREFIXES, makeId } from "@trulinks/protocol";
import { columnsOf, EVENT, EXCHANGE, type Shape, SPAN_MS } from "./shape.ts";

const ROWS_PER_STEP = 500_000;

export function fillSqlite(file: string, shape: Shape, onProgress: (line: string) => void): void {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;
    PRAGMA locking_mode = EXCLUSIVE`);
  database.function("made_id", { deterministic: true }, (prefix, atMs, n) =>
    madeId(String(prefix), Number(atMs), Number(n)),
  );
  const indexes = database
    .prepare(
      "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'deliveries' AND sql IS NOT NULL",
    )
    .all() as unknown as readonly { readonly name: string; readonly sql: string }[];
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`);

  const columns = Object.entries(columnsOf(shape));
  for (let from = 0; from < shape.rows; from += ROWS_PER_STEP) {
    const to = Math.min(from + ROWS_PER_STEP, shape.rows);
    const numbers = (first: number, last: number): string =>
      `WITH RECURSIVE numbers (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${last})`;
    database.exec(`BEGIN;
      ${numbers(from, to)} INSERT INTO deliveries (key, bytes, is_listed, ${columns.map(([name]) => name).join(", ")})
        SELECT n + 1, 80, 1, ${columns.map(([, sql]) => sql).join(", ")} FROM numbers;
      ${numbers(from >> 1, (to + 1) >> 1)} INSERT OR IGNORE INTO events
        (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data)
        SELECT ${EVENT.id}, 'common.type', 'type', ${shape.startMs}, 'f', 2, '[]', '[]', ${EVENT.data} FROM numbers;
      ${numbers(from, to)} INSERT INTO attempts (key, at_ms, outcome, status, total_ms, exchange)
        SELECT (n + 1) * 4096 + 1, ${shape.startMs}, 'accepted', 200, 5, '${EXCHANGE}' FROM numbers;
      COMMIT`);
    onProgress(`filled   ${to.toLocaleString("en-US")} of ${shape.rows.toLocaleString("en-US")}`);
  }
  for (const { name, sql } of indexes) {
    onProgress(`index    ${name}`);
    database.exec(sql);
  }
  database.exec(`UPDATE engine SET listed_through = ${shape.rows}; UPDATE sequences SET last = ${shape.rows};
    PRAGMA journal_mode = WAL`);
  database.close();
  // What the system has yet to write would slow down whatever is measured next.
  onProgress("sync     to the disk");
  const descriptor = openSync(file, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** As `makeId` makes them, with the number where chance would be. */
function madeId(prefix: string, atMs: number, n: number): string {
  const head = makeId("delivery", atMs, new Uint8Array()).slice(
    ID_PREFIXES.delivery.length,
    ID_PREFIXES.delivery.length + 10,
  );
  return `${prefix}${head}${String(n).padStart(16, "0")}`;
}

export const END_MS = (shape: Shape): number => shape.startMs + SPAN_MS;
