import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlatform } from "../platform.ts";
import { type Answer, createClient } from "./client.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

const EVENTS = 20;
const AT_ONCE = 4;

const order = (n: number, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  type: "order.placed",
  users: ["ada"],
  data: { n },
});
const numbers = Array.from({ length: EVENTS }, (_, n) => n);

interface Sent {
  readonly path: string;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

/** Ways to say that it is the same again. Each stands for `EVENTS` events, all of them different. */
const WAYS: readonly (readonly [string, readonly Sent[]])[] = [
  ["by id", numbers.map((n) => ({ path: "/v1/events", body: order(n, `by-id-${n}`), headers: {} }))],
  [
    "by Idempotency-Key",
    numbers.map((n) => ({ path: "/v1/events", body: order(n), headers: { "idempotency-key": `key-${n}` } })),
  ],
  [
    "by the Idempotency-Key of a batch",
    [
      {
        path: "/v1/events/batch",
        body: { events: numbers.map((n) => order(n)) },
        headers: { "idempotency-key": "batch" },
      },
    ],
  ],
  [
    "by id, within one batch and among batches",
    [
      {
        path: "/v1/events/batch",
        body: { events: [...numbers, ...numbers].map((n) => order(n, `in-batch-${n}`)) },
        headers: {},
      },
    ],
  ],
];

test("the same again, at once and after a crash, has the same answer and no second delivery", async (t) => {
  const receiver = await startWebhookReceiver();
  const platform = await startPlatform();
  const client = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  t.after(async () => {
    await client.close();
    await platform.dispose();
    await receiver.close();
  });
  await client.post("/v1/users", { id: "ada" });
  await client.post("/v1/hooks", { user: "ada", url: receiver.url, events: ["*"] });

  const send = ({ path, body, headers }: Sent): Promise<Answer> => client.post(path, body, headers);
  const first: Answer[] = [];
  for (const [way, sent] of WAYS) {
    const answers = await Promise.all(
      sent.map((one) => Promise.all(Array.from({ length: AT_ONCE }, () => send(one)))),
    );
    for (const same of answers) {
      const [original] = same;
      assert.ok(original?.status === 202, `${way}: ${JSON.stringify(original?.body)}`);
      for (const { status, body } of same) assert.deepEqual([status, body], [202, original.body], way);
      first.push(original);
    }
  }

  await platform.kill();
  await platform.start();
  const again = await Promise.all(WAYS.flatMap(([, sent]) => sent.map(send)));
  assert.deepEqual(
    again.map(({ status, body }) => [status, body]),
    first.map(({ status, body }) => [status, body]),
  );
  await platform.kill();
  await platform.start();

  // Whatever was to be sent has been sent when every event has arrived and nothing waits.
  const total = WAYS.length * EVENTS;
  await receiver.until((received) => new Set(received.map(eventOf)).size === total);
  for (;;) {
    const { body } = await client.get("/v1/deliveries?state=waiting&limit=200");
    if (body.data.length === 0) break;
  }
  const deliveries = (await client.get("/v1/deliveries?limit=200")).body.data;
  assert.equal(deliveries.length, total);
  assert.equal(new Set(deliveries.map(({ event }: { readonly event: string }) => event)).size, total);
  assert.ok(deliveries.every(({ state }: { readonly state: string }) => state === "delivered"));
});

function eventOf({ body }: { readonly body: Buffer }): string {
  return JSON.parse(body.toString()).id;
}
