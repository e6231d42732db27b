/** Of a user who was erased no byte of a payload is in any table. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import {
  ANN,
  claiming,
  DELIVERED,
  eventOf,
  hookOf,
  makeHook,
  OF_ANN,
  START_MS,
  settleAs,
} from "../../webhooks/store-fixtures.contract.ts";
import { openPostgres } from "./open.ts";

const postgres = await usePostgres();
after(() => postgres.stop());
const SECRET = "only-this-user-knows-it";
const LATER_MS = START_MS + 1_000;

test("every row of every table, before and after; and two nodes that erase at once do it once", async () => {
  const url = await postgres.createDatabase();
  const deps = { url, clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };
  const [one, other] = [await openPostgres(deps), await openPostgres(deps)];
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await one.accounts.createUser({
      id: ANN,
      name: SECRET,
      email: `ann@${SECRET}.example`,
      createdAtMs: START_MS,
    });
    await makeHook(one, hookOf("hok", OF_ANN));
    const events = Array.from({ length: 40 }, (_, n) =>
      eventOf(`evt_${n}`, {
        atMs: START_MS + n,
        key: `${SECRET}-${n}`,
        data: JSON.stringify({ text: SECRET }),
      }),
    );
    const answers = await one.webhooks.ingest(events, claiming({ countMax: 30 }));
    const exchange = { requestHeaders: [], answerHeaders: [["x-told", SECRET]], answerBody: SECRET } as const;
    for (const answer of answers) {
      assert.ok(answer.kind === "accepted");
      for (const claim of answer.claims) await settleAs(one, claim, DELIVERED, { exchange });
    }
    assert.ok((await dump(client)).includes(SECRET));

    const started = await one.record.startErasure(ANN, LATER_MS);
    assert.ok(started);
    const eraseAll = async (node: typeof one): Promise<void> => {
      while ((await node.record.erase(LATER_MS, 3)) !== null);
    };
    await Promise.all([eraseAll(one), eraseAll(other)]);
    assert.ok(!(await dump(client)).includes(SECRET));
    const ended = await one.record.findErasure(started.id);
    assert.deepEqual([ended?.events, ended?.deliveries, ended?.attempts], [40, 40, 30]);
  } finally {
    await client.end();
    await Promise.all([one.close(), other.close()]);
  }
});

async function dump(client: pg.Client): Promise<string> {
  const { rows: tables } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  const dumps: string[] = [];
  for (const { tablename } of tables) {
    const { rows } = await client.query(`SELECT row::text AS text FROM ${tablename} row`);
    dumps.push(...rows.map(({ text }) => text));
  }
  return dumps.join("\n");
}
