import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import pg from "pg";
import { type Postgres, usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import type { Log, LogFields } from "../../base/log.ts";
import { Unavailable } from "../../base/unavailable.ts";
import { connect, type Database } from "./database.ts";
import { openPostgres } from "./open.ts";

let postgres: Postgres;
let url: string;

before(async () => {
  postgres = await usePostgres();
  url = await postgres.createDatabase();
});
after(() => postgres.stop());

const lines: string[] = [];
const keep =
  (level: string) =>
  (event: string, fields: LogFields = {}): void =>
    void lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
const log: Log = { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
const world = { clock: systemClock, dice: systemDice, log };

async function using(target: string, use: (database: Database) => Promise<void>): Promise<void> {
  const database = connect({ url: target, ...world });
  try {
    await use(database);
  } finally {
    await database.close();
  }
}

test("an answer means on disk, whatever the database's own defaults are", async () => {
  const lazy = await postgres.createDatabase();
  const admin = new pg.Client({ connectionString: lazy });
  await admin.connect();
  const name = new URL(lazy).pathname.slice(1);
  await admin.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
  await admin.query(`ALTER DATABASE ${name} SET default_transaction_isolation = serializable`);
  await admin.end();
  await using(lazy, async (database) => {
    const settings = await database.get(
      `SELECT current_setting('synchronous_commit') AS commit, current_setting('transaction_isolation') AS isolation`,
    );
    assert.deepEqual(settings, { commit: "on", isolation: "read committed" });
  });
});

test("a transaction that throws leaves nothing behind, and its connection goes on", async () => {
  await using(url, async (database) => {
    await database.transact((transaction) => transaction.exec("CREATE TABLE marks (n int PRIMARY KEY)"));
    const failed = database.transact(async (transaction) => {
      await transaction.run("INSERT INTO marks VALUES ($1)", 1);
      await transaction.run("INSERT INTO marks VALUES ($1)", 1);
    });
    await assert.rejects(failed, /duplicate key/);
    assert.deepEqual(await database.all("SELECT n FROM marks"), []);
  });
});

test("of two transactions that block each other, both succeed in the end", async () => {
  await using(url, async (database) => {
    await database.transact((transaction) =>
      transaction.exec("CREATE TABLE pairs (n int, value int); INSERT INTO pairs VALUES (1, 0), (2, 0)"),
    );
    const isHeld = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const crosswise = (first: 1 | 2): Promise<void> =>
      database.transact(async (transaction) => {
        await transaction.run("UPDATE pairs SET value = value + 1 WHERE n = $1", first);
        isHeld[first - 1]?.resolve();
        await Promise.all(isHeld.map((held) => held.promise));
        await transaction.run("UPDATE pairs SET value = value + 1 WHERE n = $1", 3 - first);
      });
    await Promise.all([crosswise(1), crosswise(2)]);
    assert.deepEqual(await database.all("SELECT value FROM pairs ORDER BY n"), [{ value: 2 }, { value: 2 }]);
  });
});

test("while the database is away a call says so, and afterwards all goes on by itself", async () => {
  const line = await openLine(url);
  lines.length = 0;
  try {
    await using(line.url, async (database) => {
      assert.deepEqual(await database.get("SELECT 1 AS one"), { one: 1 });
      const underway = database.transact(async (transaction) => {
        await transaction.run("SELECT 1");
        await line.cut();
        await transaction.run("SELECT 1");
      });
      await assert.rejects(underway, Unavailable);
      await assert.rejects(database.get("SELECT 1"), Unavailable);
      await line.mend();
      assert.deepEqual(await database.get("SELECT 1 AS one"), { one: 1 });
    });
    const events = lines.map((entry) => entry.split(" ").slice(0, 2).join(" "));
    assert.deepEqual(events, ["warn database.lost", "info database.back"]);
  } finally {
    await line.cut();
  }
});

test("a session that the server ends does not end the process", async () => {
  await using(url, async (database) => {
    const mine = await database.get<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    await admin.query("SELECT pg_terminate_backend($1)", [mine?.pid]);
    await admin.end();
    // The first call may meet the dead connection, or a new one.
    await database.get("SELECT 1").catch((error) => assert.ok(error instanceof Unavailable));
    assert.deepEqual(await database.get("SELECT 1 AS one"), { one: 1 });
  });
});

for (const [reason, change, expected] of [
  ["nobody listens", { port: "9" }, /127\.0\.0\.1:9\/trulinks_\w+ cannot be opened: .*ECONNREFUSED/],
  ["a wrong password", { password: "wr0ng-s3cret" }, /cannot be opened: password authentication failed/],
  ["no such database", { pathname: "/none" }, /cannot be opened: database "none" does not exist/],
] as const) {
  test(`it does not open: ${reason}`, async () => {
    lines.length = 0;
    const target: URL = Object.assign(new URL(url), change);
    const password = target.password;
    await assert.rejects(openPostgres({ url: target.href, ...world }), (error: Error) => {
      assert.match(error.message, expected);
      assert.ok(!`${error.message}${error.stack}${JSON.stringify(error)}${lines.join()}`.includes(password));
      return true;
    });
  });
}

test("a URL that is none is said to be none, without repeating it", async () => {
  const secret = "s3cret";
  await assert.rejects(openPostgres({ url: `postgres//me:${secret}@host:x`, ...world }), (error: Error) => {
    assert.match(error.message, /postgres:\/\/user:password@host:port\/database/);
    assert.ok(!error.message.includes(secret));
    return true;
  });
});

interface Line {
  readonly url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A TCP line to the database that can be cut. */
async function openLine(target: string): Promise<Line> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = dial(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const url = new URL(target);
  url.port = `${address.port}`;
  return {
    url: url.href,
    async cut() {
      const closed = server.listening ? once(server.close(), "close") : null;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      await closed;
    },
    async mend() {
      await once(server.listen(address.port, "127.0.0.1"), "listening");
    },
  };
}
