import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { HookId } from "@trulinks/protocol";
import { Webhook } from "standardwebhooks";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";
import { make, makeSide, type Side } from "./matrix-world.contract.ts";

let apis: Apis;
let side: Side;
before(async () => {
  apis = await openApis();
  side = await makeSide(apis);
});
after(() => apis.close());

interface Made {
  readonly id: string;
  readonly secret: string;
}

/** A hook of the user's own with so many events waiting. */
async function hookWith(count: number, over: object = {}): Promise<Made> {
  const type = `feed.t${Math.random().toString(36).slice(2)}`;
  const hook = { user: side.user, url: "https://example.com/hooks", events: [type], ...over };
  const made: Made = await make(apis, "/v1/hooks", hook);
  for (let n = 1; n <= count; n++) await make(apis, "/v1/events", { type, users: [side.user], data: { n } });
  return made;
}

const read = (hook: string, query = "?after=0"): Promise<Answer> =>
  apis.askPublic({ method: "GET", path: `/integrations/hooks/${hook}/events${query}`, as: side.userToken });

const acknowledge = (hook: string, body: unknown): Promise<Answer> =>
  apis.askPublic({
    method: "POST",
    path: `/integrations/hooks/${hook}/events/ack`,
    as: side.userToken,
    body,
  });

const numbers = ({ json }: Answer): readonly number[] =>
  json.data.map(({ sequence }: { readonly sequence: number }) => sequence);

describe("reading a feed", () => {
  test("gives signed bytes that verify, and says where to read on", async () => {
    const { id, secret } = await hookWith(3);
    const page = await read(id, "?after=0&limit=2");
    assert.equal(page.status, 200);
    assert.deepEqual([numbers(page), page.json.next, page.json.newest], [[1, 2], 2, 3]);
    assert.equal(page.headers["link"], `</integrations/hooks/${id}/events?after=2&limit=2>; rel="next"`);
    for (const { headers, body, sequence } of page.json.data) {
      const text = Buffer.from(body, "base64").toString();
      new Webhook(secret).verify(text, headers);
      assert.equal(JSON.parse(text).sequence, sequence);
      assert.deepEqual(
        [headers["TruLinks-Sequence"], headers["TruLinks-Hook"], headers["TruLinks-Attempt"]],
        [String(sequence), id, "1"],
      );
    }
    const last = await read(id, "?after=2&limit=2");
    assert.deepEqual([numbers(last), last.json.next, last.headers["link"]], [[3], 3, undefined]);
    const empty = await read(id, "?after=3");
    assert.deepEqual(empty.json, { data: [], next: 3, newest: 3 });
  });

  test("has 50 at once, or as many as are asked for, up to 200", async () => {
    const { id } = await hookWith(201);
    for (const [query, count] of [
      ["?after=0", 50],
      ["", 50],
      ["?after=0&limit=1", 1],
      ["?after=0&limit=200", 200],
    ] as const) {
      assert.equal(numbers(await read(id, query)).length, count, query);
    }
  });

  test("refuses what is no number, with a pointer to it", async () => {
    const { id } = await hookWith(0);
    for (const [query, pointer] of [
      ["?after=-1", "#/query/after"],
      ["?after=x", "#/query/after"],
      ["?after=99999999999999999999", "#/query/after"],
      ["?limit=0", "#/query/limit"],
      ["?limit=201", "#/query/limit"],
      ["?wait_s=31", "#/query/wait_s"],
      ["?wait_s=-1", "#/query/wait_s"],
      ["?wait_s=1.5", "#/query/wait_s"],
      ["?cursor=1", "#/query/cursor"],
    ] as const) {
      const answer = await read(id, query);
      assert.equal(answer.status, 422, query);
      assert.equal(answer.json.errors[0].pointer, pointer, query);
    }
  });

  test("says of what is no longer kept where it can be read on", async () => {
    const { id } = await hookWith(3);
    assert.equal((await acknowledge(id, { through: 2 })).status, 200);
    while ((await apis.storage.webhooks.sweep({ beforeMs: Date.now() + 1_000, countMax: 1_000 })) > 0);
    const answer = await read(id);
    assert.equal(answer.status, 410);
    assert.equal(answer.json.type, "urn:trulinks:problem:behind-retention");
    assert.equal(answer.json.oldest, 3);
    assert.deepEqual(numbers(await read(id, `?after=${answer.json.oldest - 1}`)), [3]);
    assert.deepEqual(numbers(await read(id, "")), [3]);
  });

  test("gives tombstones where there is nothing to be had, and leaves out no number", async () => {
    const type = `feed.tombs${Math.random().toString(36).slice(2)}`;
    const hook = await make(apis, "/v1/hooks", {
      app: side.app,
      url: "https://example.com/",
      events: [type],
    });
    const emit = (over = {}) => make(apis, "/v1/events", { type, users: [side.user], data: {}, ...over });
    for (const over of [{ key: "k" }, { key: "k" }, {}]) await emit(over);
    const readApp = () =>
      apis.askPublic({
        method: "GET",
        path: `/integrations/hooks/${hook.id}/events?after=0`,
        as: side.basic,
      });
    const states = async () => {
      const { json } = await readApp();
      return json.data.map((item: { state?: string }) => item.state ?? "given");
    };
    assert.deepEqual(await states(), ["replaced", "given", "given"]);
    await apis.storage.feed.acknowledge({
      hookId: hook.id as HookId,
      through: 2,
      nowMs: Date.now(),
      countMax: 9,
    });
    await apis.ask({ method: "DELETE", path: `/v1/grants/${side.grant}` });
    assert.deepEqual(await states(), ["replaced", "revoked", "revoked"]);
    side = await makeSide(apis);
  });

  test("works alike on the provider's listener, for every hook", async () => {
    const { id } = await hookWith(2);
    const page = await apis.ask({ method: "GET", path: `/v1/hooks/${id}/events?after=1` });
    assert.deepEqual(numbers(page), [2]);
    const path = `/v1/hooks/${id}/events/ack`;
    const settled = await apis.ask({ method: "POST", path, body: { through: 2 } });
    assert.deepEqual([settled.status, settled.json], [200, { through: 2, settled: 2 }]);
    assert.equal((await apis.ask({ method: "GET", path: "/v1/hooks/hok_none/events" })).status, 404);
  });

  test("works for a hook that has not answered its ping, and for one that is paused or disabled", async () => {
    const { id } = await hookWith(1);
    for (const state of ["paused", "pending", "disabled"] as const) {
      await apis.storage.webhooks.changeHook(id as HookId, state === "pending" ? {} : { state }, {
        nowMs: Date.now(),
        knock:
          state === "pending"
            ? {
                hostMax: 100,
                ping: {
                  eventId: `evt_${id}`,
                  deliveryId: `dlv_${id}`,
                  data: "{}",
                  atMs: Date.now(),
                } as never,
              }
            : null,
      });
      assert.deepEqual(numbers(await read(id)), [1], state);
    }
  });
});

describe("acknowledging", () => {
  test("settles what waited, once, and the delivery says how it arrived", async () => {
    const { id } = await hookWith(3);
    assert.deepEqual((await acknowledge(id, { through: 2 })).json, { through: 2, settled: 2 });
    assert.deepEqual((await acknowledge(id, { through: 2 })).json, { through: 2, settled: 0 });
    const { json } = await apis.ask({ method: "GET", path: `/v1/deliveries?hook=${id}` });
    const shown = json.data.map((delivery: Record<string, unknown>) => [
      delivery["sequence"],
      delivery["state"],
      delivery["delivered_by"],
    ]);
    assert.deepEqual(shown.toSorted(), [
      [1, "delivered", "feed"],
      [2, "delivered", "feed"],
      [3, "waiting", null],
    ]);
  });

  test("of a number that was never given is refused, with the newest there is", async () => {
    const { id } = await hookWith(2);
    const answer = await acknowledge(id, { through: 3 });
    assert.equal(answer.status, 422);
    assert.equal(answer.json.newest, 2);
    assert.equal(answer.json.errors[0].pointer, "/through");
    assert.match(answer.json.errors[0].message, /at most 2/);
    assert.deepEqual((await acknowledge(id, { through: 2 })).json, { through: 2, settled: 2 });
  });

  test("takes a whole number and nothing else", async () => {
    const { id } = await hookWith(1);
    for (const body of [
      {},
      { through: -1 },
      { through: 1.5 },
      { through: "1" },
      { through: 1, more: 1 },
      [],
    ]) {
      assert.equal((await acknowledge(id, body)).status, 422, JSON.stringify(body));
    }
  });

  test("goes on while the disk is almost full: that is how space comes back", async () => {
    const full = await openApis({ integrator: { isSpaceShort: () => true } });
    try {
      const one = await makeSide(full);
      const ask = (path: string, body: object) =>
        full.askPublic({
          method: "POST",
          path: `/integrations/hooks/${one.userHook}${path}`,
          as: one.userToken,
          body,
        });
      assert.equal((await ask("/events/ack", { through: 0 })).status, 200);
      assert.equal((await ask("/pings", {})).status, 503);
    } finally {
      await full.close();
    }
  });
});
