import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { startPlatform } from "../platform.ts";
import { createClient } from "./client.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

const EVENTS = 3_000;
const KILLS = 10;
const SENDERS = 4;

test("of 3 000 events sent while the process is killed ten times, every acknowledged one arrives, signed", async (t) => {
  const receiver = await startWebhookReceiver();
  const platform = await startPlatform();
  const client = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  t.after(async () => {
    await client.close();
    await platform.dispose();
    await receiver.close();
  });
  await client.post("/v1/users", { id: "ada" });
  const hook = await client.post("/v1/hooks", { user: "ada", url: receiver.url, events: ["*"] });
  assert.equal(hook.status, 201);

  const acknowledged = new Set<number>();
  let next = 0;
  async function send(): Promise<void> {
    while (next < EVENTS) {
      const n = next++;
      const event = { id: `order-${n}`, type: "order.placed", users: ["ada"], data: { n } };
      // A sender repeats until it has an answer; the id makes that safe.
      for (;;) {
        const answer = await client.post("/v1/events", event).catch(() => null);
        if (answer?.status === 202) break;
        await sleep(20);
      }
      acknowledged.add(n);
    }
  }
  const resumeMs: number[] = [];
  async function killAndRestart(): Promise<void> {
    for (let kill = 1; kill <= KILLS; kill++) {
      // Kills are spread over the whole run by what was acknowledged, not by the clock.
      const at = Math.floor(((kill - 0.5) / KILLS) * EVENTS) + randomInt(-100, 100);
      while (acknowledged.size < at) await sleep(1);
      await platform.kill();
      const had = receiver.received.length;
      const startedMs = performance.now();
      await platform.start();
      const received = await receiver.until((all) => all.length > had);
      resumeMs.push(Math.round((received[had]?.atMs ?? Number.NaN) - startedMs));
    }
  }
  await Promise.all([killAndRestart(), ...Array.from({ length: SENDERS }, send)]);
  await receiver.until((received) => received.length >= EVENTS && numbersIn(received).size === EVENTS);

  const webhook = new Webhook(hook.body.secret);
  for (const { body, headers } of receiver.received) {
    assert.doesNotThrow(() => webhook.verify(body, headers as Record<string, string>));
  }
  assert.equal(acknowledged.size, EVENTS);
  const duplicates = receiver.received.length - EVENTS;
  t.diagnostic(
    `duplicates: ${duplicates}; ms from each restart to the next delivery: ${resumeMs.join(", ")}`,
  );
});

function numbersIn(received: readonly { readonly body: Buffer }[]): Set<number> {
  return new Set(received.map(({ body }) => JSON.parse(body.toString()).data.n));
}
