import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DeliveryId } from "@trulinks/protocol";
import type { Claim } from "../webhooks/claim.ts";
import type { Next } from "../webhooks/retry.ts";
import { claiming, settleAs } from "../webhooks/store-fixtures.contract.ts";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
});
after(() => apis.close());

async function makeHook(body: object = {}): Promise<string> {
  const hook = { user: "ada", url: "https://example.com/hooks", events: ["*"], ...body };
  return (await apis.ask({ method: "POST", path: "/v1/hooks", body: hook })).json.id;
}

/** A delivery to the hook, claimed as a sender would. */
async function claim(hook: string): Promise<Claim> {
  const body = { type: "issue.opened", users: ["ada"], data: {} };
  await apis.ask({ method: "POST", path: "/v1/events", body });
  const claims = await apis.storage.webhooks.claimDue(claiming({ nowMs: Date.now(), countMax: 100 }));
  const found = claims.find((claimed) => claimed.hook.id === hook);
  assert.ok(found);
  return found;
}

async function ended(hook: string, next: Next): Promise<DeliveryId> {
  const claimed = await claim(hook);
  assert.ok(
    await settleAs(apis.storage, claimed, next, { nowMs: Date.now(), outcome: "refused", status: 500 }),
  );
  return claimed.deliveryId;
}

const FAILED: Next = { kind: "failed", because: "attempts-exhausted" };
const redeliver = (id: string): Promise<Answer> =>
  apis.ask({ method: "POST", path: `/v1/deliveries/${id}/attempts` });

describe("a delivery that is asked for once more", () => {
  test("waits, and keeps what was tried", async () => {
    const id = await ended(await makeHook(), FAILED);
    const { status, json } = await redeliver(id);
    assert.equal(status, 202);
    assert.deepEqual([json.id, json.state, json.because, json.attempts.length], [id, "waiting", "due", 1]);
    const shown = await apis.ask({ method: "GET", path: `/v1/deliveries/${id}` });
    assert.equal(shown.json.state, "waiting");
  });

  test("is asked for once under one idempotency key", async () => {
    const id = await ended(await makeHook(), FAILED);
    const headers = { "idempotency-key": `again-${id}` };
    const path = `/v1/deliveries/${id}/attempts`;
    const first = await apis.ask({ method: "POST", path, headers });
    const second = await apis.ask({ method: "POST", path, headers });
    assert.deepEqual([second.status, second.text], [202, first.text]);
  });

  test("for a paused hook is kept for it", async () => {
    const hook = await makeHook();
    const id = await ended(hook, FAILED);
    await apis.ask({ method: "PATCH", path: `/v1/hooks/${hook}`, body: { state: "paused" } });
    const { status, json } = await redeliver(id);
    assert.deepEqual([status, json.because], [202, "hook-paused"]);
  });
});

describe("is refused in words that say what to do", () => {
  const cases: readonly (readonly [string, () => Promise<string>, number, string, RegExp])[] = [
    [
      "while it is under way",
      async () => (await claim(await makeHook())).deliveryId,
      409,
      "not-redeliverable",
      /under way just now/,
    ],
    [
      "to a hook that is gone",
      async () => {
        const hook = await makeHook();
        const id = await ended(hook, FAILED);
        await apis.ask({ method: "DELETE", path: `/v1/hooks/${hook}` });
        return id;
      },
      409,
      "not-redeliverable",
      /hook of this delivery is gone/,
    ],
    [
      "to a hook whose receiver is gone",
      async () => ended(await makeHook(), { kind: "failed", because: "gone" }),
      409,
      "not-redeliverable",
      /disabled, since its receiver said 410 Gone/,
    ],
    [
      "once it was revoked",
      async () => {
        const hook = await makeHook();
        const id = (await claim(hook)).deliveryId;
        await apis.ask({ method: "DELETE", path: `/v1/hooks/${hook}` });
        return id;
      },
      409,
      "not-redeliverable",
      /is revoked/,
    ],
    ["where there is none", async () => "dlv_none", 404, "not-found", /./],
  ];
  for (const [why, prepare, status, code, detail] of cases) {
    test(why, async () => {
      const answer = await redeliver(await prepare());
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json.type, `urn:trulinks:problem:${code}`);
      assert.match(answer.json.detail, detail);
    });
  }
});
