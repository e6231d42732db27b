import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createUserSecrets } from "./secrets.ts";
import { PLATFORM_CLIENT, type Platform, startPlatform } from "./testing/platform.ts";
import { connectTruLinks, type TruLinks } from "./trulinks.ts";

let platform: Platform;
let trulinks: TruLinks;
const stopping = new AbortController();
before(async () => {
  platform = await startPlatform();
  trulinks = connectTruLinks(platform.url, PLATFORM_CLIENT, stopping.signal);
  (platform.hooks as Map<string, unknown>).set("hok_1", { id: "hok_1" });
});
after(() => platform.stop());

test("a user's secret is asked for once, and again only a while later", async () => {
  let nowMs = 1_000_000;
  const secrets = createUserSecrets(trulinks, "hok_1", () => nowMs);
  assert.deepEqual(secrets.known("ada"), []);
  const before = platform.requests.length;
  const [first, second] = await Promise.all([secrets.ask("ada"), secrets.ask("ada")]);
  assert.deepEqual(first, second);
  await secrets.ask("ada");
  assert.equal(platform.requests.length, before + 1);

  platform.userSecrets.set("ada", [`whsec_${Buffer.alloc(32, 5).toString("base64")}`]);
  nowMs += 10_000;
  await secrets.ask("ada");
  assert.equal(platform.requests.length, before + 2);
  assert.deepEqual(
    secrets.known("ada"),
    [Buffer.alloc(32, 5)].map((key) => new Uint8Array(key)),
  );
});

test("a user without a grant is unknown, and is not asked for again and again", async () => {
  const secrets = createUserSecrets(trulinks, "hok_1", () => 1_000_000);
  const before = platform.requests.length;
  for (let times = 0; times < 5; times++) assert.deepEqual(await secrets.ask("mallory"), { kind: "unknown" });
  assert.equal(platform.requests.length, before + 1);
});

test("what is no user's id is never asked for", async () => {
  const secrets = createUserSecrets(trulinks, "hok_1", () => 1_000_000);
  const before = platform.requests.length;
  assert.deepEqual(await secrets.ask("../../apps"), { kind: "unknown" });
  assert.equal(platform.requests.length, before);
});

test("invented users cost a bounded number of requests", async () => {
  let nowMs = 1_000_000;
  const secrets = createUserSecrets(trulinks, "hok_1", () => nowMs);
  const before = platform.requests.length;
  for (let user = 0; user < 650; user++) await secrets.ask(`user-${user}`);
  assert.equal(platform.requests.length, before + 600);
  assert.deepEqual(await secrets.ask("ada"), { kind: "unavailable" });
  nowMs += 60_000;
  assert.equal((await secrets.ask("ada")).kind, "keys");
});
