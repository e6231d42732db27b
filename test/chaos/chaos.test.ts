/** Everything that receivers do wrong, all at once against the built platform, beside one that does nothing wrong. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { buildPlatform } from "../build.ts";
import { makeAuthority } from "../certificates.ts";
import { type Client, createClient } from "../e2e/client.ts";
import { startWebhookReceiver } from "../e2e/webhook-receiver.ts";
import { type NameAnswer, startNameServer } from "../name-server.ts";
import { type Platform, startPlatform } from "../platform.ts";
import { startBadReceivers } from "./bad-receivers.ts";
import { startChangingTls } from "./bad-tls.ts";
import { listen, type Opened } from "./opened.ts";

const EVENTS = 12;
// Long enough for a machine that is busy, short enough for receivers that take all of it.
const DEADLINE_MS = 3_000;

interface Stage {
  readonly platform: Platform;
  readonly provider: Client;
  readonly opened: Opened;
  /** What the platform's own name server says; a host that is missing here does not exist. */
  readonly names: Map<string, NameAnswer>;
  /** The id of a hook of its own, which is tried once for each event. */
  makeHook(url: string, ca?: string): Promise<string>;
  /** Sends events and waits until nothing of them is under way or waiting any more. */
  send(count: number): Promise<void>;
  /** How the attempts at a hook ended, in the order of their events. */
  outcomesOf(hook: string): Promise<readonly string[]>;
}

async function createStage(context: TestContext): Promise<Stage> {
  await buildPlatform();
  const opened: Opened = { closings: [] };
  const names = new Map<string, NameAnswer>();
  context.after(() => Promise.all(opened.closings.toReversed().map((close) => close())));
  const nameServer = await startNameServer({ answer: (name) => names.get(name) ?? "no-such-name" });
  opened.closings.push(() => nameServer.close());
  const platform = await startPlatform({
    built: true,
    env: {
      // One address of this host plays the public internet; all the others are as private as they are.
      TRULINKS_ALLOW_ADDRESSES: "127.0.0.1/32",
      TRULINKS_DNS_SERVERS: nameServer.address,
    },
  });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  context.after(async () => {
    await platform.dispose();
    await provider.close();
  });
  await provider.post("/v1/users", { id: "ada" });
  let sent = 0;
  return {
    platform,
    provider,
    opened,
    names,
    async makeHook(url, ca) {
      const terms = { ack_deadline_ms: DEADLINE_MS, retries: "none", ...(ca ? { ca } : {}) };
      const made = await provider.post("/v1/hooks", { user: "ada", url, events: ["*"], ...terms });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      return made.body.id;
    },
    async send(count) {
      for (let n = 0; n < count; n++) {
        const event = { id: `chaos-${sent++}`, type: "chaos.sent", users: ["ada"], data: { n } };
        assert.equal((await provider.post("/v1/events", event)).status, 202);
      }
      while ((await provider.get("/v1/deliveries?state=waiting")).body.data.length > 0) await sleep(50);
    },
    async outcomesOf(hook) {
      const { body } = await provider.get(`/v1/deliveries?hook=${hook}&limit=100`);
      const inOrder = body.data.toSorted(
        (left: { sequence: number }, right: { sequence: number }) => left.sequence - right.sequence,
      );
      return inOrder.map(({ attempts }: { attempts: readonly { outcome: string }[] }) =>
        attempts.map(({ outcome }) => outcome).join("+"),
      );
    },
  };
}

test("each receiver that misbehaves gets an outcome that says how, and the others notice nothing", async (context) => {
  const stage = await createStage(context);
  const healthy = await startWebhookReceiver();
  context.after(() => healthy.close());
  const healthyHook = await stage.makeHook(healthy.url);
  const receivers = await startBadReceivers(stage.opened);
  stage.names.set("silent.example", "silence");
  stage.names.set("failing.example", "failure");
  stage.names.set("private.example", ["10.0.0.1", "127.0.0.2"]);
  const named = [
    { name: "has a name that does not exist", url: "https://missing.example/", outcome: "dns" },
    { name: "has a name whose server fails", url: "https://failing.example/", outcome: "dns" },
    { name: "has a name whose server is silent", url: "https://silent.example/", outcome: "dns" },
    {
      name: "has a name that leads to private addresses",
      url: "https://private.example/",
      outcome: "blocked-address",
    },
  ];
  const hooks = new Map<string, { readonly hook: string; readonly outcome: string }>();
  for (const { name, url, outcome, ...terms } of [...receivers, ...named]) {
    const hook = await stage.makeHook(url, "ca" in terms ? terms.ca : undefined);
    hooks.set(name, { hook, outcome });
  }

  await stage.send(EVENTS);

  for (const [name, { hook, outcome }] of hooks) {
    const expected = new Array<string>(EVENTS).fill(outcome);
    assert.deepEqual(await stage.outcomesOf(hook), expected, `what ${name}`);
  }
  assert.deepEqual(await stage.outcomesOf(healthyHook), new Array<string>(EVENTS).fill("accepted"));
  const arrived = healthy.received.map(({ body }) => JSON.parse(body.toString()).data.n);
  assert.deepEqual(
    arrived.toSorted((left, right) => left - right),
    Array.from({ length: EVENTS }, (_, n) => n),
  );
  assert.doesNotMatch(stage.platform.output(), /"level":"(error|fatal)"|"level":[56]0/);
  assertBoundedMemory(context, stage.platform);
});

test("a receiver that goes bad while it is being sent to is told apart from then on", async (context) => {
  const stage = await createStage(context);
  const authority = await makeAuthority();
  const changing = await startChangingTls(stage.opened, authority, ["127.0.0.1"]);
  const expiring = await stage.makeHook(`https://127.0.0.1:${changing.port}/`, authority.cert);

  const issued = await authority.issue({ hosts: ["moving.example"] });
  const moving = createServer({ ...issued }, (_, answer) => answer.setHeader("Connection", "close").end());
  const port = await listen(stage.opened, moving);
  stage.names.set("moving.example", ["127.0.0.1"]);
  const rebound = await stage.makeHook(`https://moving.example:${port}/`, authority.cert);

  await stage.send(EVENTS);
  await changing.expire();
  stage.names.set("moving.example", ["127.0.0.2"]);
  await stage.send(EVENTS);
  stage.names.set("moving.example", ["127.0.0.1"]);
  await stage.send(EVENTS);

  const turns = (...outcomes: readonly string[]) =>
    outcomes.flatMap((outcome) => new Array<string>(EVENTS).fill(outcome));
  assert.deepEqual(await stage.outcomesOf(expiring), turns("accepted", "tls-expired", "tls-expired"));
  assert.deepEqual(await stage.outcomesOf(rebound), turns("accepted", "blocked-address", "accepted"));
});

// It starts with some 100 MiB. What was poured over it would be many gigabytes; what is kept of an answer is 64 KiB.
const RESIDENT_KIB_MAX = 512 * 1_024;

function assertBoundedMemory(context: TestContext, platform: Platform): void {
  // Only Linux says it in a file.
  if (process.platform !== "linux") return;
  const status = readFileSync(`/proc/${platform.pid()}/status`, "utf8");
  const peakKib = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
  assert.ok(peakKib < RESIDENT_KIB_MAX, `${peakKib} KiB`);
  context.diagnostic(`the platform's memory at its peak: ${Math.round(peakKib / 1_024)} MiB`);
}
