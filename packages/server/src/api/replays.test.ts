import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { REPLAYS_PER_OWNER_MAX } from "../webhooks/replay.ts";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";
import { makeSide, type Side } from "./matrix-world.contract.ts";

let apis: Apis;
let side: Side;
before(async () => {
  apis = await openApis();
  side = await makeSide(apis);
});
after(() => apis.close());

async function begin(body: object): Promise<Answer> {
  const answer = await apis.ask({ method: "POST", path: "/v1/replays", body });
  // So that the next one is not one too many.
  if (answer.status === 202) await cancel(answer.json.id);
  return answer;
}

const cancel = (id: string): Promise<Answer> => apis.ask({ method: "DELETE", path: `/v1/replays/${id}` });
const patch = (id: string, body: object): Promise<Answer> =>
  apis.ask({ method: "PATCH", path: `/v1/replays/${id}`, body });

const ASKED_FOR_NOTHING = {
  state: "running",
  ...{ hook: null, user: null, app: null, type: null, since: null, after: null },
  ...{ states: ["failed"], per_s: null, total: null, done: 0, skipped: 0, ended_at: null },
};

describe("a replay", () => {
  test("is about everything that failed, unless more is said", async () => {
    const { status, json } = await begin({});
    const { id, created_at, ...rest } = json;
    assert.equal(status, 202);
    assert.match(id, /^rpl_/);
    assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000);
    assert.deepEqual(rest, ASKED_FOR_NOTHING);
  });

  test("says what it was asked for", async () => {
    const asked = { hook: side.appHook, user: side.user, app: side.app, type: "a.b", after: 0, per_s: 0.5 };
    const states = ["delivered", "rejected", "failed", "expired", "replaced"];
    const numbered = await begin({ ...asked, states });
    assert.deepEqual({ ...numbered.json, ...asked, states }, numbered.json);
    const since = "2026-11-23T08:00:00.000Z";
    assert.equal((await begin({ since })).json.since, since);
    assert.equal((await begin({ since: "2026-11-23T09:00:00+01:00" })).json.since, since);
    assert.equal((await begin({ since: "1901-01-01T00:00:00Z" })).json.since, "1970-01-01T00:00:00.000Z");
  });

  test("is shown, listed, paused, goes on at another pace and is cancelled, for good", async () => {
    const { json: begun } = await apis.ask({ method: "POST", path: "/v1/replays", body: {} });
    assert.deepEqual((await apis.ask({ method: "GET", path: `/v1/replays/${begun.id}` })).json, begun);
    const list = await apis.ask({ method: "GET", path: "/v1/replays?limit=1" });
    assert.deepEqual(list.json.data, [begun]);
    assert.ok(list.json.next);

    assert.deepEqual((await patch(begun.id, { state: "paused" })).json, { ...begun, state: "paused" });
    assert.deepEqual((await patch(begun.id, { per_s: 7 })).json, { ...begun, state: "paused", per_s: 7 });
    assert.deepEqual((await patch(begun.id, { state: "running", per_s: null })).json, begun);
    assert.deepEqual((await patch(begun.id, {})).json, begun);

    assert.equal((await cancel(begun.id)).status, 204);
    assert.equal((await cancel(begun.id)).status, 204, "as often as somebody likes");
    const shown = await apis.ask({ method: "GET", path: `/v1/replays/${begun.id}` });
    assert.equal(shown.json.state, "cancelled");
    assert.ok(shown.json.ended_at);
    const late = await patch(begun.id, { state: "running" });
    assert.deepEqual([late.status, late.json.type], [409, "urn:trulinks:problem:replay-ended"]);
  });

  test("of an integrator is about what that may know of", async () => {
    const ask = (as: string, body: object) =>
      apis.askPublic({ method: "POST", path: "/integrations/replays", as, body });
    for (const [as, own, other] of [
      [side.basic, side.appHook, side.userHook],
      [side.userToken, side.userHook, side.appHook],
    ] as const) {
      assert.equal((await ask(as, { hook: own })).status, 202);
      const [strange, none] = [await ask(as, { hook: other }), await ask(as, { hook: "hok_none" })];
      assert.deepEqual([strange.status, strange.text], [422, none.text]);
      assert.deepEqual(strange.json.errors[0].pointer, "/hook");
    }
  });

  test("is one of few that have not ended", async () => {
    const { basic } = await makeSide(apis);
    const path = "/integrations/replays";
    for (let n = 0; n < REPLAYS_PER_OWNER_MAX; n++) {
      assert.equal((await apis.askPublic({ method: "POST", path, as: basic, body: {} })).status, 202);
    }
    const more = await apis.askPublic({ method: "POST", path, as: basic, body: {} });
    assert.deepEqual([more.status, more.json.type], [422, "urn:trulinks:problem:too-many"]);
    assert.match(more.json.detail, /10 replays/);
  });
});

describe("what is wrong with a body is pointed at", () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ after: 5 }, "/after"],
    [{ hook: "hok_1", after: 5, since: "2026-11-23T08:00:00Z" }, "/after"],
    [{ hook: "hok_1", after: -1 }, "/after"],
    [{ hook: "hok_1", after: 1.5 }, "/after"],
    [{ since: "yesterday" }, "/since"],
    [{ since: "2026-11-23T23:59:60Z" }, "/since"],
    [{ states: [] }, "/states"],
    [{ states: ["waiting"] }, "/states/0"],
    [{ states: ["revoked"] }, "/states/0"],
    [{ states: ["failed", "failed"] }, "/states"],
    [{ type: "A B" }, "/type"],
    [{ per_s: 0 }, "/per_s"],
    [{ per_s: 10_001 }, "/per_s"],
    [{ per_s: "5" }, "/per_s"],
    [{ hook: "hok_none" }, "/hook"],
    [{ webhook: "hok_1" }, "/webhook"],
  ];
  for (const [body, pointer] of cases) {
    test(JSON.stringify(body), async () => {
      const { status, json } = await begin(body);
      assert.deepEqual([status, json.errors?.[0]?.pointer], [422, pointer]);
    });
  }

  test("nor may a change say what is no state to go to", async () => {
    for (const state of ["done", "cancelled", "failed"]) {
      const { status, json } = await patch("rpl_none", { state });
      assert.deepEqual([status, json.errors[0].pointer], [422, "/state"]);
    }
    assert.equal((await patch("rpl_none", { state: "paused" })).status, 404);
  });
});
