/** A receiver that declined what it should have taken, and a replay that goes on whatever is done to the process: counted to the last delivery. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { HOOK_WAITING_MAX } from "../../packages/server/src/webhooks/replay.ts";
import { startPlatform } from "../platform.ts";
import { usePostgres } from "../services/postgres.ts";
import { type Client, createClient } from "./client.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

const EVENTS = 1_000;
const KILLS = 2;
const BATCH = 100;
const LOOK_MS = 50;
/** What a kill can find under way, or answered and not settled yet, comes twice, under the same id; no more than was due. */
const TWICE_MAX = KILLS * HOOK_WAITING_MAX;

interface Engine {
  readonly name: string;
  readonly env: () => Promise<Readonly<Record<string, string>>>;
  readonly stop: () => Promise<void>;
}

async function engines(): Promise<readonly Engine[]> {
  const postgres = await usePostgres();
  return [
    { name: "SQLite", env: async () => ({}), stop: async () => {} },
    {
      name: "PostgreSQL",
      env: async () => ({
        TRULINKS_DATABASE_URL: await postgres.createDatabase(),
        TRULINKS_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
      }),
      stop: postgres.stop,
    },
  ];
}

describe("what a faulty receiver declined is replayed, whole, through kills of the process", async () => {
  for (const engine of await engines()) {
    test(engine.name, { timeout: 110_000 }, async (t) => {
      let isWell = false;
      const receiver = await startWebhookReceiver({ answer: () => ({ status: isWell ? 204 : 422 }) });
      const platform = await startPlatform({ env: await engine.env() });
      const client = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
      t.after(async () => {
        await client.close();
        await platform.dispose();
        await receiver.close();
        await engine.stop();
      });
      await client.post("/v1/users", { id: "ada" });
      // Leases of a process that died last for its deadline: a short one, so that nobody waits.
      const hook = await client.post("/v1/hooks", {
        ...{ user: "ada", url: receiver.url, events: ["*"], ack_deadline_ms: 1_000 },
      });
      await publishAll(client);
      await until(async () => (await countOf(client, "rejected")) === EVENTS);
      const tried = receiver.received.length;
      assert.ok(tried >= EVENTS);

      isWell = true;
      const begun = await client.post("/v1/replays", {
        hook: hook.body.id,
        states: ["rejected"],
        per_s: 500,
      });
      assert.equal(begun.status, 202);
      const path = `/v1/replays/${begun.body.id}`;
      const shown = async () => (await client.get(path).catch(() => null))?.body;
      let stopped = 0;
      for (let kill = 1; kill <= KILLS; kill++) {
        // Spread over the whole run by what has arrived, not by the clock.
        const at = Math.floor((kill / (KILLS + 1)) * EVENTS);
        await receiver.until((received) => received.length - tried >= at);
        await platform.kill();
        await platform.start();
        if ((await shown())?.state === "running") stopped += 1;
      }
      await until(async () => (await shown())?.state === "done");
      await until(async () => (await countOf(client, "delivered")) === EVENTS);

      const { total, done, skipped } = await shown();
      assert.deepEqual([total, done, skipped], [EVENTS, EVENTS, 0]);
      assert.ok(stopped > 0, "it was killed while it ran");
      const replayed = receiver.received.slice(tried);
      const ids = new Set(replayed.map(({ headers }) => headers["webhook-id"]));
      assert.equal(ids.size, EVENTS, "each arrived");
      const first = new Set(receiver.received.slice(0, tried).map(({ headers }) => headers["webhook-id"]));
      assert.deepEqual(ids, first, "each under the id that it had before");
      const twice = replayed.length - EVENTS;
      assert.ok(twice <= TWICE_MAX, `${twice} came twice`);
      await attemptsAreTwo(client);
      const webhook = new Webhook(hook.body.secret);
      for (const { body, headers } of replayed) webhook.verify(body, headers as Record<string, string>);
      t.diagnostic(`came twice: ${twice}; killed while it ran: ${stopped} of ${KILLS}`);
    });
  }
});

async function publishAll(client: Client): Promise<void> {
  for (let n = 0; n < EVENTS; n += BATCH) {
    const events = Array.from({ length: BATCH }, (_, of) => ({
      ...{ type: "order.placed", users: ["ada"], data: { n: n + of } },
    }));
    const { status } = await client.post("/v1/events/batch", { events });
    assert.equal(status, 202);
  }
}

/** No attempt but the two: what was under way when the process died is none. */
async function attemptsAreTwo(client: Client): Promise<void> {
  for await (const delivery of deliveriesOf(client, "delivered")) {
    assert.deepEqual(
      delivery.attempts.map((attempt: { outcome: string }) => attempt.outcome),
      ["rejected", "accepted"],
    );
  }
}

async function countOf(client: Client, state: string): Promise<number> {
  let count = 0;
  for await (const _ of deliveriesOf(client, state)) count += 1;
  return count;
}

async function* deliveriesOf(client: Client, state: string) {
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await client.get(`/v1/deliveries?state=${state}&limit=200${cursor && `&cursor=${cursor}`}`);
    yield* page.body.data;
    cursor = page.body.next;
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  // A test's own time limit ends a wait in vain.
  while (!(await holds())) await sleep(LOOK_MS);
}
