/** Fills PostgreSQL straight: its indexes are made afterwards, which takes a tenth of the time. */
import pg from "pg";
import { columnsOf, EVENT, EXCHANGE, type Shape } from "./shape.ts";

const ROWS_PER_STEP = 500_000;

export async function fillPostgres(
  url: string,
  shape: Shape,
  onProgress: (line: string) => void,
): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'");
    await client.query(MADE_ID);
    const { rows: indexes } = await client.query<{ readonly name: string; readonly sql: string }>(
      `SELECT indexname AS name, indexdef AS sql FROM pg_indexes
       WHERE tablename = 'deliveries' AND indexname <> 'deliveries_pkey'`,
    );
    await client.query(`ALTER TABLE deliveries DROP CONSTRAINT deliveries_pkey;
      ${indexes.map(({ name }) => `DROP INDEX ${name}`).join(";")}`);
    const columns = Object.entries(columnsOf(shape));
    for (let from = 0; from < shape.rows; from += ROWS_PER_STEP) {
      const to = Math.min(from + ROWS_PER_STEP, shape.rows);
      await client.query(`INSERT INTO deliveries (is_leased, lease, ${columns.map(([name]) => name).join(", ")})
        SELECT false, 0, ${columns.map(([, sql]) => sql).join(", ")} FROM generate_series(${from}::bigint, ${to - 1}) AS n`);
      await client.query(`INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data)
        SELECT ${EVENT.id}, 'common.type', 'type', ${shape.startMs}, 'f', 2, '[]', '[]', ${EVENT.data}
        FROM generate_series(${from >> 1}, ${((to + 1) >> 1) - 1}) AS n ON CONFLICT DO NOTHING`);
      await client.query(`INSERT INTO attempts (delivery_id, number, at_ms, outcome, status, total_ms, exchange)
        SELECT ${columnsOf(shape)["id"]}, 1, ${shape.startMs}, 'accepted', 200, 5, '${EXCHANGE}'
        FROM generate_series(${from}::bigint, ${to - 1}) AS n`);
      onProgress(`filled   ${to.toLocaleString("en-US")} of ${shape.rows.toLocaleString("en-US")}`);
    }
    for (const sql of ["ALTER TABLE deliveries ADD PRIMARY KEY (id)", ...indexes.map((index) => index.sql)]) {
      onProgress(`index    ${sql.slice(0, 70)}`);
      await client.query(sql);
    }
    onProgress("vacuum   and statistics, as autovacuum keeps them");
    for (const table of ["deliveries", "events", "attempts"]) await client.query(`VACUUM (ANALYZE) ${table}`);
    // What the server has yet to write would slow down whatever is measured next.
    await client.query("CHECKPOINT");
  } finally {
    await client.end();
  }
}

// The time in digits of base 32, as `makeId` writes it, then the number.
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const MADE_ID = `CREATE OR REPLACE FUNCTION made_id(prefix text, at_ms bigint, n bigint) RETURNS text
  LANGUAGE sql IMMUTABLE AS $$ SELECT prefix || ${Array.from(
    { length: 10 },
    (_, place) => `substr('${DIGITS}', ((at_ms >> ${5 * (9 - place)}) & 31)::integer + 1, 1)`,
  ).join(" || ")} || lpad(n::text, 16, '0') $$`;
