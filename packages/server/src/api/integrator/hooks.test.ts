import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, type Method, openApis } from "../api-fixtures.contract.ts";

let apis: Apis;
let app: string;
let asApp: string;
let asUser: string;
before(async () => {
  apis = await openApis();
  const make = async (path: string, body: object): Promise<Answer["json"]> =>
    (await apis.ask({ method: "POST", path, body })).json;
  await make("/v1/users", { id: "ada" });
  const made = await make("/v1/apps", { name: "Greeter" });
  app = made.id;
  asApp = `Basic ${Buffer.from(`${made.client_id}:${made.client_secret}`).toString("base64")}`;
  asUser = `Bearer ${(await make("/v1/tokens", { user: "ada" })).token}`;
  await make("/v1/grants", { user: "ada", app });
});
after(() => apis.close());

const url = "https://example.com/hooks";

function ask(as: string, method: Method, path: string, body?: unknown): Promise<Answer> {
  return apis.askPublic({
    as,
    method,
    path: `/integrations${path}`,
    ...(body === undefined ? {} : { body }),
  });
}

describe("a hook made by an integrator", () => {
  test("is the caller's, pending, and shows its secret once", async () => {
    for (const [as, owner] of [
      [asApp, { app }],
      [asUser, { user: "ada" }],
    ] as const) {
      const { status, json } = await ask(as, "POST", "/hooks", { url, events: ["issue.*"] });
      assert.equal(status, 201);
      const { secret, ...hook } = json;
      assert.match(secret, /^whsec_/);
      const { user, app: ownedBy } = hook;
      assert.deepEqual({ ...(user ? { user } : {}), ...(ownedBy ? { app: ownedBy } : {}) }, owner);
      assert.equal(hook.state, "pending");
      const { backlog, ...shown } = (await ask(as, "GET", `/hooks/${hook.id}`)).json;
      assert.deepEqual(shown, hook);
      assert.equal(backlog.waiting, 1, "its ping");
      const deliveries = await apis.ask({ method: "GET", path: `/v1/deliveries?hook=${hook.id}` });
      assert.deepEqual(
        deliveries.json.data.map(({ type, sequence }: Answer["json"]) => [type, sequence]),
        [["ping", null]],
      );
    }
  });

  const flaws: readonly (readonly [string, object, string, string])[] = [
    ["a private address", { url: "https://10.0.0.1/", events: ["*"] }, "url-refused", "/url"],
    ["plain http", { url: "http://example.com/", events: ["*"] }, "url-refused", "/url"],
    ["a secret of the wrong form", { url, events: ["*"], secret: "short" }, "validation-failed", "/secret"],
    ["no certificate as ca", { url, events: ["*"], ca: "x" }, "validation-failed", "/ca"],
    ["another owner", { url, events: ["*"], app: "app_other" }, "validation-failed", "/app"],
    ["no events", { url, events: [] }, "validation-failed", "/events"],
    [
      "31 s of deadline",
      { url, events: ["*"], ack_deadline_ms: 31_000 },
      "validation-failed",
      "/ack_deadline_ms",
    ],
  ];
  for (const [name, body, code, pointer] of flaws) {
    test(`is refused with ${name}`, async () => {
      const { status, json } = await ask(asApp, "POST", "/hooks", body);
      assert.equal(status, 422);
      assert.equal(json.type, `urn:trulinks:problem:${code}`);
      assert.equal(json.errors[0].pointer, pointer);
    });
  }

  test("is changed, but does not become active by asking", async () => {
    const { json: hook } = await ask(asApp, "POST", "/hooks", { url, events: ["*"] });
    const path = `/hooks/${hook.id}`;
    const changed = await ask(asApp, "PATCH", path, { events: ["a.b"], in_flight_max: 2, retries: "none" });
    assert.deepEqual(
      [changed.json.events, changed.json.in_flight_max, changed.json.retries],
      [["a.b"], 2, "none"],
    );
    const lifted = await ask(asApp, "PATCH", path, { state: "active" });
    assert.deepEqual([lifted.status, lifted.json.errors[0].pointer], [422, "/state"]);
    assert.equal((await ask(asApp, "DELETE", path)).status, 204);
    assert.equal((await ask(asApp, "GET", path)).status, 404);
  });

  test("is pinged and its secret rotated", async () => {
    const { json: hook } = await ask(asApp, "POST", "/hooks", { url, events: ["*"] });
    const ping = await ask(asApp, "POST", `/hooks/${hook.id}/pings`);
    assert.equal(ping.status, 202);
    assert.match(ping.json.id, /^evt_/);
    const rotated = await ask(asApp, "POST", `/hooks/${hook.id}/secret`);
    assert.match(rotated.json.secret, /^whsec_/);
    assert.notEqual(rotated.json.secret, hook.secret);
  });
});

test("a hook that is disabled is not pinged, and the refusal says why", async () => {
  const { json: hook } = await ask(asApp, "POST", "/hooks", { url, events: ["*"] });
  await apis.storage.webhooks.changeHook(hook.id, { state: "disabled" }, { nowMs: Date.now(), knock: null });
  const ping = await ask(asApp, "POST", `/hooks/${hook.id}/pings`);
  assert.deepEqual([ping.status, ping.json.errors[0].pointer], [422, "/state"]);
});

test("receivers that have not answered are called at no more than 100 times an hour for one owner", async () => {
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "knocker" } });
  const { json } = await apis.ask({ method: "POST", path: "/v1/tokens", body: { user: "knocker" } });
  const as = `Bearer ${json.token}`;
  const { json: own } = await apis.ask({
    method: "POST",
    path: "/v1/hooks",
    body: { user: "knocker", url, events: ["*"] },
  });
  for (let count = 0; count < 100; count++) {
    const { status, json: hook } = await ask(as, "POST", "/hooks", { url, events: ["*"] });
    assert.equal(status, 201);
    if (count < 99) await ask(as, "DELETE", `/hooks/${hook.id}`);
  }
  const pending = (await ask(as, "GET", "/hooks")).json.data.find(
    ({ state }: Answer["json"]) => state === "pending",
  );
  const knocks: readonly (readonly [string, () => Promise<Answer>])[] = [
    ["making a hook", () => ask(as, "POST", "/hooks", { url, events: ["*"] })],
    [
      "leading one elsewhere",
      () => ask(as, "PATCH", `/hooks/${own.id}`, { url: "https://example.com/other" }),
    ],
    ["pinging a pending one", () => ask(as, "POST", `/hooks/${pending.id}/pings`)],
  ];
  for (const [what, knock] of knocks) {
    const refused = await knock();
    assert.deepEqual([refused.status, refused.json.type], [429, "urn:trulinks:problem:too-many-pings"], what);
    const retryAfterS = Number(refused.headers["retry-after"]);
    assert.ok(retryAfterS >= 1 && retryAfterS <= 36, `${what}: ${retryAfterS}`);
  }
  assert.equal(
    (await ask(as, "POST", `/hooks/${own.id}/pings`)).status,
    202,
    "who has answered may be pinged",
  );
  assert.equal((await ask(as, "PATCH", `/hooks/${own.id}`, { serial: true })).status, 200);
  const byOperator = await apis.ask({ method: "POST", path: `/v1/hooks/${pending.id}/pings` });
  assert.equal(byOperator.status, 202, "the operator is not bound");
});

describe("a user's secret for an app's hook", () => {
  test("is rotated alone: the old one lives beside it", async () => {
    const { json: hook } = await ask(asApp, "POST", "/hooks", { url, events: ["*"] });
    const path = `/hooks/${hook.id}/secrets/ada`;
    const first = await ask(asApp, "GET", path);
    assert.deepEqual(first.json.secrets, [{ secret: first.json.secret, version: 1, until: null }]);
    const second = await ask(asApp, "POST", path);
    assert.deepEqual(
      second.json.secrets.map(({ version, until }: Answer["json"]) => [version, until === null]),
      [
        [2, true],
        [1, false],
      ],
    );
    assert.equal(second.json.secrets[1].secret, first.json.secret);
    assert.equal(second.json.secret, second.json.secrets[0].secret);
    assert.deepEqual((await ask(asApp, "GET", path)).json, second.json);
  });

  test("is not found for a user without a grant, nor where the hook has one secret for all", async () => {
    const { json: hook } = await ask(asApp, "POST", "/hooks", { url, events: ["*"] });
    const { json: single } = await ask(asApp, "POST", "/hooks", { url, events: ["*"], secret_per: "hook" });
    for (const path of [`/hooks/${hook.id}/secrets/nobody`, `/hooks/${single.id}/secrets/ada`]) {
      assert.equal((await ask(asApp, "GET", path)).status, 404);
      assert.equal((await ask(asApp, "POST", path)).status, 404);
    }
  });
});

describe("what the platform says of itself", () => {
  test("the policy is told again only when it has changed", async () => {
    const first = await apis.askPublic({ method: "GET", path: "/integrations/policy", as: null });
    const headers = { "if-none-match": String(first.headers["etag"]) };
    const again = await apis.askPublic({ method: "GET", path: "/integrations/policy", as: null, headers });
    assert.deepEqual([first.status, again.status, again.text], [200, 304, ""]);
    assert.equal(first.json.rate_limit.user.limit, 5_000);
  });

  test("the quota is told by kind of caller, with GitHub's headers", async () => {
    for (const [as, limit] of [
      [null, 60],
      [asApp, 5_000],
    ] as const) {
      const { json, headers } = await apis.askPublic({ method: "GET", path: "/rate_limit", as });
      assert.deepEqual([json.rate.limit, json.resources.core.remaining], [limit, limit]);
      assert.equal(headers["x-ratelimit-limit"], String(limit));
    }
  });

  test("the short paths and the prefix follow the configuration", async () => {
    const moved = await openApis({ integrator: { prefix: "/partners", aliases: false } });
    const status = async (path: string): Promise<number> =>
      (await moved.askPublic({ method: "GET", path, as: null })).status;
    assert.deepEqual(
      [await status("/partners/meta"), await status("/meta"), await status("/integrations/meta")],
      [200, 401, 401],
    );
    const refused = await moved.askPublic({ method: "GET", path: "/partners/hooks", as: null });
    assert.equal(refused.json.documentation_url, "/partners/problems#unauthenticated");
    await moved.close();
  });
});
