import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { type Postgres, usePostgres } from "./postgres.ts";

let postgres: Postgres | undefined;
after(() => postgres?.stop());

test("each database is new, empty and apart", async () => {
  postgres = await usePostgres();
  const [first, second] = await Promise.all([postgres.createDatabase(), postgres.createDatabase()]);
  assert.notEqual(first, second);
  await onServer(first, (client) => client.query("CREATE TABLE mark (n int)"));
  const tables = await onServer(second, (client) =>
    client.query("SELECT FROM information_schema.tables WHERE table_schema = 'public'"),
  );
  assert.equal(tables.rowCount, 0);
});

test("what is committed is on disk", async () => {
  postgres ??= await usePostgres();
  const settings = await onServer(await postgres.createDatabase(), (client) =>
    client.query(
      "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') ORDER BY name",
    ),
  );
  assert.deepEqual(
    settings.rows.map((row) => row.setting),
    ["on", "on"],
  );
});

async function onServer(
  url: string,
  use: (client: pg.Client) => Promise<pg.QueryResult>,
): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
