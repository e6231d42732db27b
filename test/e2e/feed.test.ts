/** A receiver that lives from the feed alone, over real sockets: nobody can reach it, and it misses nothing. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { type Platform, type PlatformOptions, startPlatform } from "../platform.ts";
import { usePostgres } from "../services/postgres.ts";
import { type Answer, type Client, createClient } from "./client.ts";

interface Stage {
  readonly platform: Platform;
  readonly provider: Client;
  /** With the user's personal token. */
  readonly reader: Client;
  readonly hook: { readonly id: string; readonly secret: string };
  read(query: string): Promise<Answer>;
  emit(n: number): Promise<void>;
}

async function createStage(t: TestContext, options: PlatformOptions = {}): Promise<Stage> {
  const platform = await startPlatform(options);
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  await provider.post("/v1/users", { id: "ada" });
  const { body: token } = await provider.post("/v1/tokens", { user: "ada" });
  const reader = createClient(platform.publicUrl, `Bearer ${token.token}`);
  t.after(async () => {
    await Promise.all([provider.close(), reader.close()]);
    await platform.dispose();
  });
  // Nobody answers at this address, and nobody is asked there.
  const url = "https://127.0.0.1:9/";
  const { body: hook } = await provider.post("/v1/hooks", { user: "ada", url, events: ["*"] });
  const paused = await reader.patch(`/integrations/hooks/${hook.id}`, { state: "paused" });
  assert.equal(paused.status, 200);
  return {
    ...{ platform, provider, reader, hook },
    read: (query) => reader.get(`/integrations/hooks/${hook.id}/events?${query}`),
    async emit(n) {
      const answer = await provider.post("/v1/events", { type: "order.placed", users: ["ada"], data: { n } });
      assert.equal(answer.status, 202);
    },
  };
}

/** The numbers in the data of a page, each item verified. */
function verified({ hook }: Stage, { status, body }: Answer): readonly number[] {
  assert.equal(status, 200, JSON.stringify(body));
  const webhook = new Webhook(hook.secret);
  return body.data.map((item: { headers: Record<string, string>; body: string }) => {
    const text = Buffer.from(item.body, "base64").toString();
    webhook.verify(text, item.headers);
    return JSON.parse(text).data.n;
  });
}

test("whoever waits is answered when something is stored, each time, and misses nothing", async (t) => {
  const stage = await createStage(t);
  const seen: number[] = [];
  const reading = (async () => {
    for (let after = 0; seen.length < 200; ) {
      const page = await stage.read(`after=${after}&wait_s=30`);
      seen.push(...verified(stage, page));
      after = page.body.next;
    }
  })();
  for (let n = 1; n <= 200; n++) {
    await stage.emit(n);
    if (n % 50 === 0) await sleep(30);
  }
  await reading;
  assert.deepEqual(
    seen,
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
});

test("a reader that goes away leaves its place; one that waits while the platform stops is answered", async (t) => {
  const stage = await createStage(t);
  const { hook, platform, reader } = stage;
  const path = `/integrations/hooks/${hook.id}/events?after=0&wait_s=30`;
  const { body: token } = await stage.provider.post("/v1/tokens", { user: "ada" });
  // More than may wait at once, one after another: each leaves when its connection ends.
  for (let n = 0; n < 250; n++) {
    const gone = request(`${platform.publicUrl}${path}`, {
      headers: { authorization: `Bearer ${token.token}` },
    });
    gone.on("error", () => {});
    gone.end();
    if (n % 25 === 24) await sleep(50);
    setTimeout(() => gone.destroy(), 20);
  }
  await sleep(200);
  const waiting = reader.get(path);
  const first = await Promise.race([waiting.then(() => "answered"), sleep(300).then(() => "waits")]);
  assert.equal(first, "waits");
  const stopped = platform.stop();
  const answer = await waiting;
  assert.deepEqual([answer.status, answer.body], [200, { data: [], next: 0, newest: 0 }]);
  assert.equal(await stopped, 0);
});

test("killed between reading and acknowledging, and after it, a receiver has everything once", async (t) => {
  const stage = await createStage(t);
  const { platform, reader, hook } = stage;
  for (let n = 1; n <= 300; n++) await stage.emit(n);
  const worked = new Set<number>();
  for (let after = 0; after < 300; ) {
    const page = await stage.read(`after=${after}&limit=100`);
    await platform.kill();
    await platform.start();
    // Nothing was settled, so it comes again, to the byte.
    const again = await stage.read(`after=${after}&limit=100`);
    const bodies = ({ body }: Answer) => body.data.map((item: { body: string }) => item.body);
    assert.deepEqual(bodies(again), bodies(page));
    for (const n of verified(stage, again)) worked.add(n);
    after = again.body.next;
    const ack = () => reader.post(`/integrations/hooks/${hook.id}/events/ack`, { through: after });
    assert.equal((await ack()).body.settled, 100);
    await platform.kill();
    await platform.start();
    assert.equal((await ack()).body.settled, 0);
  }
  assert.equal(worked.size, 300);
  const left = await reader.get(`/integrations/deliveries?hook=${hook.id}&state=waiting`);
  assert.deepEqual(left.body.data, []);
});

test("on two nodes over one database it is the same feed, and both hear of what the other stores", async (t) => {
  const postgres = await usePostgres();
  t.after(() => postgres.stop());
  const env = {
    TRULINKS_DATABASE_URL: await postgres.createDatabase(),
    TRULINKS_SECRET_KEY: randomBytes(32).toString("base64"),
  };
  const one = await createStage(t, { env });
  const node = await startPlatform({ env });
  const { body: token } = await one.provider.post("/v1/tokens", { user: "ada" });
  const other = createClient(node.publicUrl, `Bearer ${token.token}`);
  t.after(async () => {
    await other.close();
    await node.dispose();
  });
  for (let n = 1; n <= 5; n++) {
    const path = `/integrations/hooks/${one.hook.id}/events?after=${n - 1}&wait_s=30`;
    const reading = other.get(path);
    await sleep(100);
    await one.emit(n);
    assert.deepEqual(verified(one, await reading), [n]);
  }
  const ack = await other.post(`/integrations/hooks/${one.hook.id}/events/ack`, { through: 5 });
  assert.deepEqual(ack.body, { through: 5, settled: 5 });
  const again = await one.reader.post(`/integrations/hooks/${one.hook.id}/events/ack`, { through: 5 });
  assert.equal(again.body.settled, 0);
});
