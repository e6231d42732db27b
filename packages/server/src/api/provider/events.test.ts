import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, openApis } from "../api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
  const hook = { user: "ada", url: "https://example.com/hooks", events: ["issue.*"] };
  await apis.ask({ method: "POST", path: "/v1/hooks", body: hook });
});
after(() => apis.close());

function publish(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return apis.ask({ method: "POST", path: "/v1/events", body, headers });
}

function publishBatch(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return apis.ask({ method: "POST", path: "/v1/events/batch", body, headers });
}

const event = { type: "issue.opened", users: ["ada"], data: { number: 1 } };

function nested(depth: number): object {
  let value = {};
  for (let level = 1; level < depth; level++) value = { value };
  return value;
}

describe("an event", () => {
  test("is taken with the number of its deliveries, and unknown recipients are told", async () => {
    const answer = await publish({ ...event, users: ["ada", "nobody"], groups: ["none"] });
    assert.equal(answer.status, 202);
    const { id, ...rest } = answer.json;
    assert.match(id, /^evt_/);
    assert.deepEqual(rest, { deliveries: 1, unknown: ["nobody", "none"] });
    assert.ok(!("unknown" in (await publish(event)).json));
  });

  test("that comes again by its id or by its Idempotency-Key gives the same answer and no second delivery", async () => {
    for (const [body, headers] of [
      [{ ...event, id: "evt-1" }, {}],
      [event, { "idempotency-key": "evt-key-1" }],
    ] as const) {
      const first = await publish(body, headers);
      const again = await publish(body, headers);
      assert.deepEqual([again.status, again.text], [first.status, first.text]);
      const { json } = await apis.ask({ method: "GET", path: `/v1/deliveries?event=${first.json.id}` });
      assert.equal(json.data.length, 1);
    }
  });

  test("with a key that stood for another is refused", async () => {
    const first = { ...event, id: "evt-2" };
    await publish(first, { "idempotency-key": "evt-key-2" });
    for (const answer of [
      await publish({ ...first, data: { number: 2 } }),
      await publish({ ...event, data: { number: 2 } }, { "idempotency-key": "evt-key-2" }),
    ]) {
      assert.equal(answer.status, 422);
      assert.match(answer.json.type, /:idempotency-key-reused$/);
    }
  });

  const refused: readonly (readonly [string, unknown, string])[] = [
    ["whose recipients are all unknown", { ...event, users: ["nobody"] }, "no-recipient"],
    ["without recipients", { type: "a.b", data: {} }, "no-recipient"],
    ["with a type of another form", { ...event, type: "Issue Opened" }, "/type"],
    ["whose data is no object", { ...event, data: [] }, "/data"],
    ["nested deeper than 64 levels", { ...event, data: nested(65) }, "/data"],
    ["with a member of a later version", { ...event, priority: 5 }, "/priority"],
    ["with a number that would change", '{"type":"a.b","data":{"id":9007199254740993}}', "/data/id"],
  ];
  for (const [name, body, expected] of refused) {
    test(`${name} is refused`, async () => {
      const answer = await publish(body);
      assert.equal(answer.status, 422, answer.text);
      const { type, errors } = answer.json;
      if (errors)
        assert.deepEqual(
          errors.map(({ pointer }: { pointer: string }) => pointer),
          [expected],
        );
      else assert.equal(type, `urn:trulinks:problem:${expected}`);
    });
  }

  test("with a password is refused by name, and the password is not said again", async () => {
    const data = { users: [{ login: { newPassword: "hunter2-hunter2" } }] };
    const answer = await publish({ ...event, data });
    const { type, guideline, errors } = answer.json;
    assert.deepEqual(
      [answer.status, type, guideline],
      [422, "urn:trulinks:problem:no-passwords", "no-passwords"],
    );
    assert.equal(errors[0].pointer, "/data/users/0/login/newPassword");
    assert.doesNotMatch(answer.text, /hunter2/);
    const batch = await publishBatch({ events: [{ ...event, data }, event] });
    assert.deepEqual(
      [batch.json.results[0].problem.guideline, batch.json.results[1].status],
      ["no-passwords", 202],
    );
  });

  test("names at most 10 000 users", async () => {
    const strangers = Array.from({ length: 9_999 }, (_, number) => `stranger-${number}`);
    const taken = await publish({ ...event, users: ["ada", ...strangers] });
    assert.equal(taken.status, 202, taken.text.slice(0, 200));
    assert.equal(taken.json.unknown.length, strangers.length);
    const refused = await publish({ ...event, users: ["ada", "ada", ...strangers] });
    assert.equal(refused.status, 422);
    assert.equal(refused.json.errors[0].pointer, "/users");
  });

  test("nested 64 levels deep is taken, and comes back as it went in", async () => {
    const data = { ...nested(64), constructor: 1, "": null, "é\ud800": [0.1, -0, 1e21] };
    const { status, json } = await publish({ ...event, data });
    assert.equal(status, 202);
    const list = await apis.ask({ method: "GET", path: `/v1/deliveries?event=${json.id}` });
    const found = await apis.storage.webhooks.findDelivery(list.json.data[0].id, { kind: "all" });
    assert.deepEqual(JSON.parse(found?.event?.data ?? ""), JSON.parse(JSON.stringify(data)));
  });
});

describe("a batch", () => {
  test("takes and refuses each event on its own, in order", async () => {
    const body = `{"events":[
      ${JSON.stringify(event)},
      {"type":"BAD"},
      {"type":"issue.closed","users":["ada"],"data":{"id":9007199254740993}},
      {"type":"issue.closed","users":["nobody"],"data":{}},
      5,
      ${JSON.stringify({ ...event, data: nested(65) })},
      ${JSON.stringify({ ...event, data: { text: "x".repeat(256 * 1024) } })},
      ${JSON.stringify({ ...event, users: ["ada", "nobody"] })}
    ]}`;
    const { status, json } = await publishBatch(body);
    assert.equal(status, 202);
    assert.deepEqual(
      json.results.map((result: { status: number }) => result.status),
      [202, 422, 422, 422, 422, 422, 413, 202],
    );
    const codes = json.results.map(
      (result: Answer["json"]) => result.problem?.type.split(":").at(-1) ?? "taken",
    );
    const invalid = "validation-failed";
    assert.deepEqual(codes, [
      "taken",
      invalid,
      invalid,
      "no-recipient",
      invalid,
      invalid,
      "too-large",
      "taken",
    ]);
    assert.equal(json.results[2].problem.errors[0].pointer, "/data/id");
    assert.deepEqual(json.results[7].unknown, ["nobody"]);
  });

  test("that comes again under its Idempotency-Key is answered word for word and makes nothing new", async () => {
    const headers = { "idempotency-key": "batch-1" };
    const body = { events: [event, { ...event, users: ["nobody"] }] };
    const first = await publishBatch(body, headers);
    const again = await publishBatch(body, headers);
    assert.deepEqual([again.status, again.text], [first.status, first.text]);
    const id = first.json.results[0].id;
    const { json } = await apis.ask({ method: "GET", path: `/v1/deliveries?event=${id}` });
    assert.equal(json.data.length, 1);
  });

  test("with one event twice makes it once", async () => {
    const twice = { ...event, id: "evt-twice" };
    const { json } = await publishBatch({ events: [twice, twice, { ...twice, data: {} }] });
    assert.deepEqual(json.results[0], json.results[1]);
    assert.match(json.results[2].problem.type, /:idempotency-key-reused$/);
  });

  test("under a key keeps its places: what stands where another stood is refused, the rest is answered again", async () => {
    const headers = { "idempotency-key": "batch-2" };
    const other = { ...event, type: "issue.closed" };
    const first = await publishBatch({ events: [event, event, other] }, headers);
    const again = await publishBatch({ events: [event, other, other, event] }, headers);
    const ids = (answer: Answer) => answer.json.results.map(({ id }: { readonly id?: string }) => id);
    const [one, two, three] = ids(first);
    assert.notEqual(one, two, "the same event in two places is two events");
    assert.deepEqual(ids(again).slice(0, 3), [one, undefined, three]);
    assert.match(again.json.results[1].problem.type, /:idempotency-key-reused$/);
    assert.equal(again.json.results[3].status, 202);
  });

  test("under a key is no single event under that key, nor one under a key like its places", async () => {
    const batch = await publishBatch({ events: [event] }, { "idempotency-key": "batch-3" });
    for (const key of ["batch-3", "batch-3:0", "batch-3/0"]) {
      const alone = await publish(event, { "idempotency-key": key });
      assert.notEqual(alone.json.id, batch.json.results[0].id);
    }
  });

  test("under a key whose events have ids finds them by these under any key, and alone", async () => {
    const named = { ...event, id: "evt-named" };
    const first = await publishBatch({ events: [named] }, { "idempotency-key": "batch-4" });
    const again = await publishBatch({ events: [event, named] }, { "idempotency-key": "batch-5" });
    assert.deepEqual(again.json.results[1], first.json.results[0]);
    assert.equal((await publish(named)).json.id, "evt-named");
    const { json } = await apis.ask({ method: "GET", path: "/v1/deliveries?event=evt-named" });
    assert.equal(json.data.length, 1);
  });

  test("with a key of another form is refused", async () => {
    const refused = await publishBatch({ events: [event] }, { "idempotency-key": "a b" });
    assert.deepEqual([refused.status, refused.json.errors[0].pointer], [422, "#/header/Idempotency-Key"]);
  });

  for (const [name, events, status] of [
    ["without events", [], 422],
    ["of 1 000 events", Array(1_000).fill(event), 202],
    ["of 1 001 events", Array(1_001).fill(event), 422],
  ] as const) {
    test(`${name} is ${status}`, async () => {
      assert.equal((await publishBatch({ events })).status, status);
    });
  }
});
