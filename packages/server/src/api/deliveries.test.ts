import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DeliveryId } from "@trulinks/protocol";
import type { Claim } from "../webhooks/claim.ts";
import type { Exchange } from "../webhooks/delivery.ts";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
});
after(() => apis.close());

async function makeHook(signature: "standard" | "github"): Promise<string> {
  const body = { user: "ada", url: "https://example.com/hooks", events: ["*"], signature };
  return (await apis.ask({ method: "POST", path: "/v1/hooks", body })).json.id;
}

const get = (path: string): Promise<Answer> => apis.ask({ method: "GET", path });

/** Publishes an event, and leases its one delivery to the hook as a sender would. */
async function claim(hook: string): Promise<Claim> {
  const body = { type: "issue.opened", users: ["ada"], data: { number: 7, text: "Grüße" } };
  await apis.ask({ method: "POST", path: "/v1/events", body });
  const { webhooks } = apis.storage;
  const claims = await webhooks.claimDue({
    nowMs: Date.now(),
    countMax: 100,
    retriesMax: 10_000,
    hookMax: 10_000,
    exceptHooks: [],
  });
  const found = claims.find((claimed) => claimed.hook.id === hook);
  assert.ok(found);
  return found;
}

async function settle({ deliveryId, lease, attempt }: Claim, exchange: Exchange): Promise<void> {
  const nowMs = Date.now();
  const timings = { dnsMs: null, connectMs: 1, tlsMs: 2, firstByteMs: 3, totalMs: 5 };
  const record = { number: attempt, atMs: nowMs, outcome: "accepted", status: 200, guideline: null } as const;
  const isSettled = await apis.storage.webhooks.settle({
    deliveryId,
    lease,
    attempt: { ...record, timings, exchange },
    next: { kind: "delivered" },
    nowMs,
  });
  assert.ok(isSettled);
}

describe("a delivery shown alone", () => {
  test("has what was sent and what was answered", async () => {
    const claimed = await claim(await makeHook("standard"));
    await settle(claimed, {
      requestHeaders: [["webhook-id", claimed.deliveryId]],
      answerHeaders: [
        ["content-type", "text/plain"],
        ["__proto__", "polluted"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
      answerBody: "thanks",
    });
    const { json } = await get(`/v1/deliveries/${claimed.deliveryId}`);
    const [attempt] = json.attempts;
    assert.deepEqual(attempt.timings, {
      ...{ dns_ms: null, connect_ms: 1, tls_ms: 2, first_byte_ms: 3, total_ms: 5 },
    });
    assert.deepEqual(attempt.request.headers, { "webhook-id": claimed.deliveryId });
    assert.equal(attempt.answer.body, "thanks");
    assert.equal(attempt.answer.headers["set-cookie"], "a=1, b=2");
    assert.ok(Object.hasOwn(attempt.answer.headers, "__proto__"));
    const sent = JSON.parse(attempt.request.body);
    assert.deepEqual(sent.data, { number: 7, text: "Grüße" });
    assert.deepEqual([sent.hook, sent.sequence, sent.user], [claimed.hook.id, 1, "ada"]);
    assert.deepEqual([json.state, json.because, json.due_at], ["delivered", null, null]);
  });

  test("has no more of the data than was sent", async () => {
    const claimed = await claim(await makeHook("standard"));
    const view = { include: null, omit: ["/number"], mask: ["/text"] };
    await settle(claimed, { requestHeaders: [], answerHeaders: null, answerBody: null, view });
    const [attempt] = (await get(`/v1/deliveries/${claimed.deliveryId}`)).json.attempts;
    const { data, masked } = JSON.parse(attempt.request.body);
    assert.deepEqual([data, masked], [{ text: null }, ["/text"]]);
  });

  test("in GitHub's shape has GitHub's body, even when its hook is gone", async () => {
    const hook = await makeHook("github");
    const claimed = await claim(hook);
    await settle(claimed, {
      requestHeaders: [["X-Hub-Signature-256", "sha256=0"]],
      answerHeaders: null,
      answerBody: null,
    });
    await apis.ask({ method: "DELETE", path: `/v1/hooks/${hook}` });
    const [attempt] = (await get(`/v1/deliveries/${claimed.deliveryId}`)).json.attempts;
    assert.deepEqual(JSON.parse(attempt.request.body), { action: "opened", number: 7, text: "Grüße" });
    assert.equal(attempt.answer, null);
  });
});

describe("a list of deliveries", () => {
  test("is filtered by each parameter, and comes without what was sent", async () => {
    const hook = await makeHook("standard");
    const claimed = await claim(hook);
    await settle(claimed, { requestHeaders: [["a", "b"]], answerHeaders: [], answerBody: "secret answer" });
    const hour = 3_600_000;
    const times = [new Date(Date.now() - hour), new Date(Date.now() + hour)].map((time) =>
      time.toISOString(),
    );
    const [past, future] = times;
    const cases: readonly (readonly [string, boolean])[] = [
      [`hook=${hook}`, true],
      [`hook=${hook}&user=ada`, true],
      [`hook=${hook}&user=bob`, false],
      [`hook=${hook}&type=issue.opened`, true],
      [`hook=${hook}&type=issue.closed`, false],
      [`hook=${hook}&event=${claimed.event.id}`, true],
      [`hook=${hook}&event=evt_none`, false],
      [`hook=${hook}&state=delivered`, true],
      [`hook=${hook}&state=failed`, false],
      [`hook=${hook}&status=200`, true],
      [`hook=${hook}&status=500`, false],
      [`hook=${hook}&after=${past}`, true],
      [`hook=${hook}&after=${future}`, false],
      [`hook=${hook}&before=${future}`, true],
      [`hook=${hook}&before=${past}`, false],
      [`hook=${hook}&app=app_none`, false],
    ];
    for (const [query, isThere] of cases) {
      const { json, text } = await get(`/v1/deliveries?${query}`);
      const ids = json.data.map(({ id }: { id: string }) => id);
      assert.deepEqual(ids, isThere ? [claimed.deliveryId as DeliveryId] : [], query);
      assert.ok(!text.includes("secret answer"));
    }
  });
});
