import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { StartRefused } from "../../base/start-refused.ts";
import { openDatabase } from "./database.ts";
import { MIGRATIONS, migrate, schemaOf } from "./migrate.ts";
import { openEngine } from "./open.contract.ts";

const folder = await mkdtemp(join(tmpdir(), "trulinks-"));
after(() => rm(folder, { recursive: true }));

const ONE = "CREATE TABLE one (a INTEGER) STRICT";
const TWO = "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO one VALUES (2)";

test("migrations run once each, and only those that are new", () => {
  const database = openDatabase(":memory:");
  migrate(database, [ONE]);
  migrate(database, [ONE]);
  migrate(database, [ONE, TWO]);
  migrate(database, [ONE, TWO]);
  assert.equal(schemaOf(database), 2);
  assert.deepEqual(database.all("SELECT a FROM one").length, 1);
});

test("a migration that fails leaves the schema as it was", () => {
  const database = openDatabase(":memory:");
  migrate(database, [ONE]);
  assert.throws(() => migrate(database, [ONE, `${TWO}; INSERT INTO nowhere VALUES (1)`]), /no such table/);
  assert.equal(schemaOf(database), 1);
  assert.deepEqual(database.all("SELECT a FROM one"), []);
  migrate(database, [ONE, TWO]);
  assert.equal(schemaOf(database), 2);
});

test("two that start at once both find the schema in order", async () => {
  for (let round = 0; round < 3; round++) {
    const file = join(folder, `race-${round}.db`);
    const both = await Promise.allSettled([openEngine(file), openEngine(file)]);
    for (const opened of both) if (opened.status === "fulfilled") await opened.value.close();
    assert.deepEqual(
      both.map(({ status }) => status),
      ["fulfilled", "fulfilled"],
    );
  }
});

test("data of a newer version is refused in one sentence", async () => {
  const file = join(folder, "newer.db");
  const database = openDatabase(file);
  const newer = MIGRATIONS.length + 2;
  database.exec(`PRAGMA user_version = ${newer}`);
  database.close();
  const sentence = `This data was written by a newer version (schema ${newer}; this one knows ${MIGRATIONS.length}). Start the newer version.`;
  await assert.rejects(openEngine(file), (error) => {
    assert.ok(error instanceof StartRefused);
    assert.equal(error.message, sentence);
    return true;
  });
});

const MEND = "Choose another data folder with --data DIR, or put a backup in its place.";

test("a file that is no database, or cannot be opened, is refused in one sentence", async () => {
  const file = join(folder, "letter.db");
  await writeFile(
    file,
    "Dear operator, this is a letter and not a database, whatever its name says.".repeat(20),
  );
  const nowhere = join(folder, "nowhere", "trulinks.db");
  for (const [path, sentence] of [
    [file, `The database file is not a SQLite database. It is ${file}. ${MEND}`],
    [nowhere, `The database file cannot be opened. It is ${nowhere}. ${MEND}`],
  ] as const) {
    await assert.rejects(openEngine(path), (error) => {
      assert.ok(error instanceof StartRefused);
      assert.equal(error.message, sentence);
      return true;
    });
  }
});
