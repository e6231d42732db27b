import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, startPlatform } from "../platform.ts";
import { mountSmallDisk } from "../small-disk.ts";
import { type Client, createClient } from "./client.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const MIB = 1024 * 1024;

interface Stage {
  readonly client: Client;
  readonly receiver: WebhookReceiver;
  /** Lets the receiver answer, and from here on at once. */
  open(): void;
}

async function createStage(platform: Platform): Promise<Stage & AsyncDisposable> {
  const opened = Promise.withResolvers<void>();
  const receiver = await startWebhookReceiver({ answer: () => opened.promise.then(() => ({ status: 204 })) });
  const client = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  await client.post("/v1/users", { id: "ada" });
  await client.post("/v1/hooks", { user: "ada", url: receiver.url, events: ["*"], ack_deadline_ms: 30_000 });
  return {
    client,
    receiver,
    open: opened.resolve,
    async [Symbol.asyncDispose]() {
      opened.resolve();
      await client.close();
      await platform.dispose();
      await receiver.close();
    },
  };
}

const event = (id: string, text = "") => ({ id, type: "order.placed", users: ["ada"], data: { text } });

test("with almost no space left events are refused while deliveries go on, and taken again once there is", async (t) => {
  const disk = mountSmallDisk(64 * MIB);
  t.diagnostic(
    disk
      ? "on a small file system of its own"
      : "no file system could be mounted: the bound is above what this disk has, and is not left again",
  );
  const env = {
    TRULINKS_STORAGE_FREE_BYTES_MIN: String(disk ? 32 * MIB : 1_099_511_627_776),
    ...(disk ? { TRULINKS_DATA: disk.folder } : {}),
  };
  t.after(() => disk?.remove());
  if (disk === null) {
    const platform = await startPlatform({ env });
    const client = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
    assert.equal((await client.post("/v1/users", { id: "ada" })).status, 503);
    await client.close();
    return platform.dispose();
  }
  const platform = await startPlatform({ env });
  await using stage = await createStage(platform);
  assert.equal((await stage.client.post("/v1/events", event("before"))).status, 202);
  await stage.receiver.until(({ length }) => length === 1);

  disk.fill(40 * MIB);
  const refused = await untilStatus(stage.client, 503);
  assert.equal(refused.body.type, "urn:trulinks:problem:almost-full");
  assert.ok(Number(refused.headers["retry-after"]) >= 1);
  stage.open();
  await untilDelivered(stage.client, "before");

  disk.free();
  await untilStatus(stage.client, 202);
  await untilDelivered(stage.client, "probe");
  const told = platform
    .output()
    .split("\n")
    .filter((line) => line.includes('"space.'));
  assert.equal(told.length, 1, "at the level of warnings the beginning is told, once");
});

async function untilStatus(client: Client, status: number): ReturnType<Client["post"]> {
  for (;;) {
    const answer = await client.post("/v1/events", event("probe"));
    if (answer.status === status) return answer;
    await sleep(50);
  }
}

async function untilDelivered(client: Client, id: string): Promise<void> {
  for (;;) {
    const { body } = await client.get(`/v1/deliveries?event=${id}`);
    if (body.data[0]?.state === "delivered") return;
    await sleep(20);
  }
}

test("on a full disk nothing is acknowledged that is not kept, and nothing acknowledged is lost", async (t) => {
  const disk = mountSmallDisk(24 * MIB);
  t.diagnostic(
    disk ? "on a small file system of its own" : "no file system could be mounted: files are limited instead",
  );
  t.after(() => disk?.remove());
  const platform = await startPlatform({
    env: { TRULINKS_STORAGE_FREE_BYTES_MIN: "0", ...(disk ? { TRULINKS_DATA: disk.folder } : {}) },
  });
  await using stage = await createStage(platform);
  if (disk) disk.fill(12 * MIB);
  else limitFiles(platform.pid(), 8 * MIB);

  const acknowledged: string[] = [];
  const text = "x".repeat(64 * 1024);
  let refused = null;
  for (let n = 0; refused === null && n < 1_000; n++) {
    const answer = await stage.client.post("/v1/events", event(`event-${n}`, text));
    if (answer.status === 202) acknowledged.push(`event-${n}`);
    else refused = answer;
  }
  assert.equal(refused?.status, 503, JSON.stringify(refused?.body));
  assert.ok(Number(refused?.headers["retry-after"]) >= 1);
  assert.ok(acknowledged.length > 10);

  // Killed while it is full, started when there is space again: what was acknowledged is there, what was refused is not.
  await platform.kill();
  disk?.free();
  await platform.start();
  stage.open();
  for (const id of acknowledged) await untilDelivered(stage.client, id);
  const received = new Set(stage.receiver.received.map(({ body }) => JSON.parse(body.toString()).id));
  for (const id of acknowledged) assert.ok(received.has(id), `${id} never came`);
  const { body } = await stage.client.get(`/v1/deliveries?event=event-${acknowledged.length}`);
  assert.deepEqual(body.data, []);
  assert.equal(
    (await stage.client.post("/v1/events", event(`event-${acknowledged.length}`, text))).status,
    202,
  );
});

/** What a process may write to a file at most, as a quota would have it. Ends with the process. */
function limitFiles(pid: number, bytes: number): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
}
