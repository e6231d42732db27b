import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Postgres, usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import { connect, type Database } from "./database.ts";
import { MIGRATIONS, migrate, NewerSchema } from "./migrate.ts";

let postgres: Postgres;
before(async () => {
  postgres = await usePostgres();
});
after(() => postgres.stop());

const STEPS = ["CREATE TABLE first (n int);", "CREATE TABLE second (n int); INSERT INTO second VALUES (2);"];

async function onEmpty(
  use: (databases: readonly [Database, ...Database[]]) => Promise<void>,
  count = 1,
): Promise<void> {
  const url = await postgres.createDatabase();
  const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };
  const databases = Array.from({ length: count }, () => connect({ url, ...world }));
  const [first, ...others] = databases;
  assert.ok(first);
  try {
    await use([first, ...others]);
  } finally {
    for (const database of databases) await database.close();
  }
}

test("an empty database gets the schema, and a second start changes nothing", () =>
  onEmpty(async ([database]) => {
    await migrate(database);
    await migrate(database);
    const version = await database.all("SELECT number FROM schema_version");
    assert.deepEqual(version, [{ number: MIGRATIONS.length }]);
    assert.deepEqual(await database.all("SELECT id FROM deliveries"), []);
  }));

test("an older schema is brought up to date, and what it holds stays", () =>
  onEmpty(async ([database]) => {
    await migrate(database, STEPS.slice(0, 1));
    await database.run("INSERT INTO first VALUES (1)");
    await migrate(database, STEPS);
    assert.deepEqual(await database.all("SELECT n FROM first UNION ALL SELECT n FROM second"), [
      { n: 1 },
      { n: 2 },
    ]);
  }));

test("a newer schema is refused, and left as it is", () =>
  onEmpty(async ([database]) => {
    await migrate(database, STEPS);
    await assert.rejects(migrate(database, STEPS.slice(0, 1)), new NewerSchema(2, 1));
    assert.equal(
      new NewerSchema(7, 5).message,
      "This data was written by a newer version (schema 7; this one knows 5). Start the newer version.",
    );
    assert.deepEqual(await database.all("SELECT number FROM schema_version"), [{ number: 2 }]);
  }));

test("of nodes that start at once, one migrates and the others find it done", () =>
  onEmpty(async (databases) => {
    await Promise.all(databases.map((database) => migrate(database, STEPS)));
    assert.deepEqual(await databases[0].all("SELECT n FROM second"), [{ n: 2 }]);
  }, 5));

test("a migration that fails changes nothing", () =>
  onEmpty(async ([database]) => {
    await migrate(database, STEPS.slice(0, 1));
    const broken = [STEPS[0] ?? "", "CREATE TABLE second (n int); SELECT no_such_column FROM first;"];
    await assert.rejects(migrate(database, broken), /no_such_column/);
    assert.deepEqual(await database.all("SELECT number FROM schema_version"), [{ number: 1 }]);
    await migrate(database, STEPS);
  }));
