import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { Unavailable } from "../base/unavailable.ts";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

let count = 0;
const newKey = (): string => `key-${++count}`;

function post(path: string, body: unknown, key: string, to: Apis = apis): Promise<Answer> {
  return to.ask({ method: "POST", path, body, headers: { "idempotency-key": key } });
}

function codeOf({ json }: Answer): string {
  return json.type.slice("urn:trulinks:problem:".length);
}

describe("the same Idempotency-Key", () => {
  test("with the same body gives the same answer, its secret included, and is done once", async () => {
    const key = newKey();
    const first = await post("/v1/apps", { name: "Once" }, key);
    const again = await post("/v1/apps", { name: "Once" }, key);
    assert.equal(first.status, 201);
    assert.deepEqual([again.status, again.text], [first.status, first.text]);
    const { json } = await apis.ask({ method: "GET", path: "/v1/apps?limit=200" });
    assert.equal(json.data.filter(({ name }: { name: string }) => name === "Once").length, 1);
  });

  test("with the same body in another order is the same request", async () => {
    const key = newKey();
    const first = await post("/v1/apps", '{"name":"Order","contact":"x"}', key);
    const again = await post("/v1/apps", '{ "contact": "x", "name": "Order" }', key);
    assert.equal(again.text, first.text);
  });

  test("with another body is refused", async () => {
    const key = newKey();
    await post("/v1/apps", { name: "One" }, key);
    const other = await post("/v1/apps", { name: "Two" }, key);
    assert.deepEqual([other.status, codeOf(other)], [422, "idempotency-key-reused"]);
  });

  test("on another path is another request", async () => {
    const key = newKey();
    const app = await post("/v1/apps", { name: "Path" }, key);
    const secrets = [await post(`/v1/apps/${app.json.id}/secret`, undefined, key)];
    secrets.push(await post(`/v1/apps/${app.json.id}/secret`, undefined, key));
    assert.equal(secrets[0]?.status, 200);
    assert.equal(secrets[1]?.text, secrets[0]?.text);
  });

  test("of two requests at once lets one through and tells the other", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { accounts } = apis.storage;
    const slow = await openApis({
      provider: {
        accounts: { ...accounts, createApp: (...app) => held.then(() => accounts.createApp(...app)) },
      },
    });
    const key = newKey();
    const first = post("/v1/apps", { name: "Slow" }, key, slow);
    const second = await post("/v1/apps", { name: "Slow" }, key, slow);
    assert.equal(second.status, 409);
    assert.equal(codeOf(second), "idempotency-in-flight");
    release();
    await first;
    await slow.close();
  });

  test("is free again after a refusal, and after a failure that had no effect", async () => {
    let isFull = true;
    const store = await openApis();
    const flaky = await openApis({
      provider: {
        accounts: {
          ...store.storage.accounts,
          createUser: (user) => {
            if (isFull) throw new Unavailable("full", 1);
            return store.storage.accounts.createUser(user);
          },
        },
      },
    });
    const key = newKey();
    assert.equal((await post("/v1/users", { id: "ada" }, key, flaky)).status, 503);
    isFull = false;
    assert.equal((await post("/v1/users", { id: "ada" }, key, flaky)).status, 201);
    const other = newKey();
    assert.equal((await post("/v1/users", { id: "ada" }, other, flaky)).status, 409);
    await store.storage.accounts.deleteUser("ada" as never, Date.now());
    assert.equal((await post("/v1/users", { id: "ada" }, other, flaky)).status, 201);
    await flaky.close();
    await store.close();
  });

  test("whose first request never ended is of unknown outcome, and is not done twice", async () => {
    let nowMs = Date.now();
    const clock = { ...systemClock, now: () => nowMs };
    const later = await openApis({ clock });
    const key = newKey();
    // What a process leaves behind that died while the request ran.
    const { createHash } = await import("node:crypto");
    const fingerprint = createHash("sha256").update('{"name":"Dead"}').digest("hex");
    const scope = "operator POST /v1/apps";
    const begun = {
      scope,
      key,
      fingerprint,
      nowMs,
      heldUntilMs: nowMs + 60_000,
      expiresAtMs: nowMs + 86_400_000,
    };
    assert.equal((await later.storage.idempotency.begin(begun)).kind, "begun");
    assert.equal(codeOf(await post("/v1/apps", { name: "Dead" }, key, later)), "idempotency-in-flight");
    nowMs += 60_001;
    const answer = await post("/v1/apps", { name: "Dead" }, key, later);
    assert.deepEqual([answer.status, codeOf(answer)], [409, "idempotency-unknown"]);
    await later.close();
  });

  test("of another caller is another key", async () => {
    const key = newKey();
    const texts: string[] = [];
    for (const user of ["one", "two"]) {
      await apis.ask({ method: "POST", path: "/v1/users", body: { id: user } });
      const { json } = await apis.ask({ method: "POST", path: "/v1/tokens", body: { user } });
      const hook = await apis.askPublic({
        method: "POST",
        path: "/integrations/hooks",
        as: `Bearer ${json.token}`,
        body: { url: "https://example.com/h", events: ["*"] },
        headers: { "idempotency-key": key },
      });
      assert.equal(hook.json.user, user);
      texts.push(hook.text);
    }
    assert.notEqual(texts[0], texts[1]);
  });

  test("lies in the store only encrypted with its answer", async () => {
    const key = newKey();
    const { json } = await post("/v1/apps", { name: "Sealed" }, key);
    const { createHash } = await import("node:crypto");
    const found = await apis.storage.idempotency.begin({
      scope: "operator POST /v1/apps",
      key,
      fingerprint: createHash("sha256").update('{"name":"Sealed"}').digest("hex"),
      nowMs: Date.now(),
      heldUntilMs: Date.now() + 1,
      expiresAtMs: Date.now() + 1,
    });
    assert.equal(found.kind, "answered");
    const kept = found.kind === "answered" ? Buffer.from(found.answer).toString("latin1") : "";
    assert.ok(kept.length > 0 && !kept.includes(json.client_secret) && !kept.includes(json.id));
  });
});

describe("an Idempotency-Key", () => {
  for (const [name, key] of [
    ["that is empty", ""],
    ["with a space", "a b"],
    ["longer than 255 characters", "k".repeat(256)],
    ["beyond ASCII", "schlüssel"],
  ] as const) {
    test(`${name} is refused with a pointer, also for events`, async () => {
      for (const [path, body] of [
        ["/v1/apps", { name: "Key" }],
        ["/v1/events", { type: "a.b", users: ["one"], data: {} }],
      ] as const) {
        const answer = await post(path, body, key);
        assert.equal(answer.status, 422, answer.text);
        assert.equal(answer.json.errors[0].pointer, "#/header/Idempotency-Key");
      }
    });
  }
});
