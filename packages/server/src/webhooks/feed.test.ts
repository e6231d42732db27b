import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhooks } from "@octokit/webhooks";
import type { AppId, HookId, UserId } from "@trulinks/protocol";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { createVirtualTime } from "../../../../test/simulation/virtual-time.ts";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import { systemDice } from "../base/dice.ts";
import { createCatalogues } from "./catalogue.ts";
import { composeMessage } from "./envelope.ts";
import { ACKNOWLEDGED_STEP_MAX, createFeeds, type FeedItem, type FeedReading, type Feeds } from "./feed.ts";
import { createFeedWaiting } from "./feed-waiting.ts";
import type { Hook } from "./hook.ts";
import type { HookRequest } from "./hooks.ts";
import { createPublish, type EventRequest } from "./publish.ts";
import { signingSecrets } from "./signing-secrets.ts";
import { claiming } from "./store-fixtures.contract.ts";

interface Stage extends World {
  readonly time: ReturnType<typeof createVirtualTime>;
  readonly feeds: Feeds;
  readonly appId: AppId;
  readonly users: readonly [UserId, UserId];
  makeHook(over?: Partial<HookRequest>): Promise<{ readonly hook: Hook; readonly secret: string }>;
  emit(over?: Partial<EventRequest>): Promise<void>;
  read(hook: Hook, over?: Partial<FeedReading>): Promise<readonly FeedItem[]>;
}

/** By real time's standards, as who verifies looks at a real clock. */
async function createStage(): Promise<Stage> {
  const time = createVirtualTime(Date.now());
  const { clock } = time;
  const world = createWorld({ clock, dice: systemDice });
  const { storage, dice, log, keyring } = world;
  const users = [await world.makeUser("ann"), await world.makeUser("bob")] as const;
  const appId = await world.makeApp();
  for (const user of users) await world.grant(user, appId);
  const waiting = createFeedWaiting({ store: storage.feed, clock });
  const intake = {
    room: () => ({ countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] }),
    take: () => {},
  };
  const publish = createPublish({
    store: storage.webhooks,
    intake,
    clock,
    dice,
    log,
    onStored: waiting.told,
  });
  const catalogues = createCatalogues({ store: storage.eventTypes, clock });
  const feeds = createFeeds({
    ...{ store: storage.feed, waiting, catalogue: catalogues.current, keyring, clock, log, wake: () => {} },
  });
  const reading = { after: 0, countMax: 200, waitMs: 0, signal: new AbortController().signal };
  return {
    ...{ ...world, time, feeds, appId, users },
    async makeHook(over = {}) {
      const request = {
        owner: { kind: "app", appId } as const,
        url: "https://receiver.example/",
        events: ["*"],
        ...over,
      };
      const created = await world.hooks.create(request, "operator");
      assert.ok(created.kind === "made", created.kind);
      return { hook: created.hook, secret: created.secret.reveal() };
    },
    async emit(over = {}) {
      const event = {
        id: null,
        idempotencyKey: null,
        type: "issue.opened",
        users: ["ann"],
        groups: [],
        data: { n: 1 },
      };
      const [published] = await publish([{ ...event, ...over }]);
      assert.equal(published?.kind, "accepted");
    },
    async read(hook, over = {}) {
      const read = await feeds.read(hook, { ...reading, ...over });
      assert.ok(read.kind === "items", read.kind);
      return read.items;
    },
  };
}

function messageOf(item: FeedItem | undefined): { headers: Record<string, string>; body: string } {
  assert.ok(item?.kind === "message");
  const { headers, body } = item.message;
  return { headers: Object.fromEntries(headers), body: Buffer.from(body).toString() };
}

test("each item verifies with its user's secret, as a post does, and with nobody else's", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook();
  for (const user of stage.users) await stage.emit({ users: [user], data: { of: user } });
  const items = await stage.read(hook);
  const secrets = await Promise.all(
    stage.users.map(
      async (user) => (await stage.hooks.readUserSecret(hook.id, user))?.[0]?.secret.reveal() ?? "",
    ),
  );
  for (const [index, user] of stage.users.entries()) {
    const { headers, body } = messageOf(items[index]);
    const verified = new Webhook(secrets[index] ?? "").verify(body, headers);
    assert.deepEqual(verified, JSON.parse(body));
    assert.equal(JSON.parse(body).data.of, user);
    assert.throws(
      () => new Webhook(secrets[1 - index] ?? "").verify(body, headers),
      WebhookVerificationError,
    );
  }
});

test("GitHub's form verifies with GitHub's own library", async () => {
  const stage = await createStage();
  const { hook, secret } = await stage.makeHook({ signature: "github" });
  await stage.emit();
  const { headers, body } = messageOf((await stage.read(hook))[0]);
  const signature = headers["X-Hub-Signature-256"] ?? "";
  assert.equal(await new Webhooks({ secret }).verify(body, signature), true);
  assert.equal(await new Webhooks({ secret: `${secret}0` }).verify(body, signature), false);
  assert.deepEqual(JSON.parse(body), { action: "opened", n: 1 });
});

for (const signature of ["standard", "github"] as const) {
  test(`an item is to the byte what a post made at that moment would be: ${signature}`, async () => {
    const stage = await createStage();
    const { hook } = await stage.makeHook({ signature, include: ["/n"] });
    await stage.emit({ data: { n: 1, m: 2 }, trace: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` });
    await stage.time.pass(5_000);
    const [item] = await stage.read(hook);
    const nowMs = stage.clock.now();
    const [claim] = await stage.storage.webhooks.claimDue(claiming({ nowMs, countMax: 1 }));
    assert.ok(claim && item?.kind === "message");
    const posted = await composeMessage(claim, signingSecrets(stage.keyring, claim, nowMs), nowMs);
    assert.deepEqual(item.message, { headers: posted.headers, body: posted.body });
  });
}

test("it is signed anew for each reading, with the secrets that live then", async () => {
  const stage = await createStage();
  const { hook, secret } = await stage.makeHook({ secretPer: "hook" });
  await stage.emit();
  const first = messageOf((await stage.read(hook))[0]);
  const newer = (await stage.hooks.rotateSecret(hook.id))?.reveal() ?? "";
  await stage.time.pass(60_000);
  const second = messageOf((await stage.read(hook))[0]);
  assert.equal(second.body, first.body);
  assert.equal(second.headers["webhook-id"], first.headers["webhook-id"]);
  assert.equal(Number(second.headers["webhook-timestamp"]) - Number(first.headers["webhook-timestamp"]), 60);
  for (const live of [secret, newer]) new Webhook(live).verify(second.body, second.headers);
  assert.throws(() => new Webhook(newer).verify(first.body, first.headers), WebhookVerificationError);
});

test("what is sensitive is masked while the hook is not secured, whatever it was when it was stored", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook();
  const terms = { action: "opened", sensitive: ["/mail"], scopes: null, fieldScopes: [] };
  await stage.emit({ data: { mail: "ann@example.com", n: 1 }, terms });
  const shown = async () => {
    const { data, masked } = JSON.parse(messageOf((await stage.read(hook))[0]).body);
    return [data.mail, masked];
  };
  assert.deepEqual(await shown(), ["ann@example.com", undefined]);
  await stage.hooks.change(hook.id, { verifyTls: false }, "operator");
  assert.deepEqual(await shown(), [null, ["/mail"]]);
  await stage.hooks.change(hook.id, { verifyTls: true }, "operator");
  assert.deepEqual(await shown(), ["ann@example.com", undefined]);
});

test("a grant that loses a scope reads without what takes it, and gets the rest", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook();
  const definition = {
    ...{
      description: null,
      schema: {},
      sensitive: [],
      notPassword: [],
      action: "opened",
      examples: [],
      scopes: null,
    },
    fieldScopes: [{ pointer: "/price", scopes: ["sales"] }],
  };
  const catalogues = createCatalogues({ store: stage.storage.eventTypes, clock: stage.clock });
  await catalogues.put("issue.opened", definition);
  await stage.emit({ data: { price: 1, n: 1 } });
  await stage.time.pass(2_000);
  const { data } = JSON.parse(messageOf((await stage.read(hook))[0]).body);
  // Nobody has granted it: it was stored whole, as the event named no terms.
  assert.deepEqual(data, { n: 1 });
});

test("a page of many is read on by `next`, and tombstones stand among what is given", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook({ owner: { kind: "user", userId: stage.users[0] } });
  for (let n = 0; n < 6; n++) await stage.emit({ key: n % 3 === 0 ? "same" : null });
  const seen: string[] = [];
  for (let after = 0, isMore = true; isMore; ) {
    const signal = new AbortController().signal;
    const page = await stage.feeds.read(hook, { after, countMax: 4, waitMs: 0, signal });
    assert.ok(page.kind === "items");
    for (const item of page.items)
      seen.push(`${item.sequence} ${item.kind === "message" ? "" : item.state}`.trim());
    isMore = page.next < page.newest;
    after = page.next;
  }
  assert.deepEqual(seen, ["1 replaced", "2", "3", "4", "5", "6"]);
});

test("what waits is settled in steps, and each number once", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook();
  const count = 2 * ACKNOWLEDGED_STEP_MAX + 1;
  for (let n = 0; n < count; n++) await stage.emit();
  const { signal } = new AbortController();
  const settle = (through: number) => stage.feeds.acknowledge(hook.id, through, signal);
  assert.deepEqual(await settle(count + 1), { kind: "beyond", newest: count });
  assert.deepEqual(await settle(count - 1), { kind: "settled", settled: count - 1 });
  assert.deepEqual(await settle(count), { kind: "settled", settled: 1 });
  assert.deepEqual(await settle(count), { kind: "settled", settled: 0 });
  assert.deepEqual(await stage.feeds.acknowledge("hok_none" as HookId, 0, signal), { kind: "unknown-hook" });
  // What has been settled can be read again.
  assert.equal((await stage.read(hook, { after: count - 1 }))[0]?.kind, "message");
});

test("who waits is answered with what is stored meanwhile", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook();
  const { hook: other } = await stage.makeHook({ events: ["never"] });
  const reading = stage.read(hook, { waitMs: 30_000 });
  const idle = stage.read(other, { waitMs: 30_000 });
  await stage.time.pass(10_000);
  await stage.emit();
  assert.deepEqual(
    (await reading).map(({ sequence }) => sequence),
    [1],
  );
  await stage.time.pass(20_000);
  assert.deepEqual(await idle, []);
});

test("who waits for a number that is still far off is not answered before it", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook();
  const reading = stage.read(hook, { after: 2, waitMs: 30_000 });
  for (let n = 0; n < 3; n++) {
    await stage.time.pass(1_000);
    await stage.emit();
  }
  assert.deepEqual(
    (await reading).map(({ sequence }) => sequence),
    [3],
  );
});

test("a hook that is deleted while somebody waits is told as gone", async () => {
  const stage = await createStage();
  const { hook } = await stage.makeHook();
  const { signal } = new AbortController();
  const reading = stage.feeds.read(hook, { after: 0, countMax: 1, waitMs: 30_000, signal });
  await stage.time.pass(100);
  await stage.hooks.remove(hook.id);
  await stage.time.pass(2_000);
  assert.deepEqual(await reading, { kind: "unknown-hook" });
});
