import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";
import { basic } from "./matrix-world.contract.ts";

let apis: Apis;
let app: string;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
  const made = await apis.ask({ method: "POST", path: "/v1/apps", body: { name: "An app" } });
  app = basic(made.json.client_id, made.json.client_secret);
});
after(() => apis.close());

function put(type: string, body: unknown): Promise<Answer> {
  return apis.ask({ method: "PUT", path: `/v1/event-types/${type}`, body });
}

function get(path: string): Promise<Answer> {
  return apis.ask({ method: "GET", path: `/v1/event-types${path}` });
}

function publish(event: object): Promise<Answer> {
  return apis.ask({ method: "POST", path: "/v1/events", body: { users: ["ada"], ...event } });
}

const pointersOf = ({ json }: Answer): readonly string[] =>
  json.errors.map(({ pointer }: { pointer: string }) => pointer);

const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    issue: { type: "object", properties: { title: { type: "string" }, user: { $ref: "#/$defs/user" } } },
  },
  required: ["issue"],
  $defs: { user: { type: "object", properties: { email: { type: "string", format: "email" } } } },
};
const whole = {
  schema,
  description: "An issue was opened.",
  sensitive: ["/issue/reporter"],
  not_password: ["/issue/pwd"],
  action: "made",
  examples: [{ issue: { title: "Hello" } }],
  scopes: ["issues:read"],
  field_scopes: [{ pointer: "/issue/pay", scopes: ["pay:read"] }],
};

describe("an event type", () => {
  test("is registered, shown, changed and deleted", async () => {
    const made = await put("issue.opened", whole);
    const { changed_at, ...rest } = made.json;
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(rest, { type: "issue.opened", version: 1, ...whole });
    assert.match(changed_at, /^\d{4}-/);
    assert.deepEqual((await put("issue.opened", whole)).json, made.json);
    assert.deepEqual((await get("/issue.opened")).json, made.json);
    assert.deepEqual((await get("")).json, { data: [made.json], next: null });

    const changed = await put("issue.opened", { schema });
    assert.deepEqual([changed.json.version, changed.json.action, changed.json.scopes], [2, "opened", null]);
    const versions = await get("/issue.opened/versions");
    assert.deepEqual(versions.json, { data: [changed.json, made.json], next: null });
    const paged = await get(`/issue.opened/versions?limit=1`);
    const second = await get(`/issue.opened/versions?limit=1&cursor=${paged.json.next}`);
    assert.deepEqual([paged.json.data, second.json.data], [[changed.json], [made.json]]);

    const gone = { method: "DELETE", path: "/v1/event-types/issue.opened" } as const;
    assert.deepEqual([(await apis.ask(gone)).status, (await apis.ask(gone)).status], [204, 404]);
    assert.equal((await get("/issue.opened")).status, 404);
    assert.equal((await get("/issue.opened/versions")).json.data.length, 2);
    assert.equal((await get("/no.such/versions")).status, 404);
  });

  test("is told to whoever has credentials, and to nobody else", async () => {
    const made = await put("issue.opened", whole);
    const ask = (path: string, as: string | null) =>
      apis.askPublic({ method: "GET", path: `/integrations/event-types${path}`, as });
    const all = (await ask("", app)).json;
    assert.equal(all.next, null);
    assert.deepEqual(all.data.at(-1), made.json);
    const types = all.data.map(({ type }: { readonly type: string }) => type);
    assert.deepEqual(types, ["hook.failing", "hook.paused", "hook.resumed", "issue.opened"]);
    assert.deepEqual((await ask("/hook.failing", app)).json, all.data[0]);
    assert.deepEqual((await ask("/issue.opened", app)).json, made.json);
    assert.equal((await ask("/no.such", app)).status, 404);
    assert.equal((await ask("", null)).status, 401);
  });

  const refused: readonly (readonly [
    promise: string,
    body: unknown,
    code: string,
    pointers: readonly string[],
  ])[] = [
    ["without a schema", {}, "validation-failed", ["/schema"]],
    ["whose schema is a list", { schema: [] }, "validation-failed", ["/schema"]],
    [
      "whose schema is none",
      { schema: { items: { type: "strin" } } },
      "validation-failed",
      ["/schema/items/type"],
    ],
    [
      "whose schema refers elsewhere",
      { schema: { $ref: "https://a.b/c" } },
      "validation-failed",
      ["/schema/$ref"],
    ],
    [
      "whose schema asks for a password",
      { schema: { properties: { user: { properties: { new_password: {} } } } } },
      "no-passwords",
      ["/schema/properties/user/properties/new_password"],
    ],
    [
      "with an example that breaks its schema",
      { schema, examples: [{ issue: { title: 5 } }] },
      "validation-failed",
      ["/examples/0/issue/title"],
    ],
    [
      "with an example that lacks a member",
      { schema, examples: [{ issue: {} }, {}] },
      "validation-failed",
      ["/examples/1/issue"],
    ],
    [
      "with a pointer that is none",
      { schema, sensitive: ["user/email"] },
      "validation-failed",
      ["/sensitive/0"],
    ],
    [
      "with a pointer to everything",
      { schema, not_password: [""] },
      "validation-failed",
      ["/not_password/0"],
    ],
    ["with an action of several words", { schema, action: "was opened" }, "validation-failed", ["/action"]],
    ["that nobody may see", { schema, scopes: [] }, "validation-failed", ["/scopes"]],
    [
      "with a field that nobody may see",
      { schema, field_scopes: [{ pointer: "/a", scopes: [] }] },
      "validation-failed",
      ["/field_scopes/0/scopes"],
    ],
    ["with an unknown member", { schema, sensetive: [] }, "validation-failed", ["/sensetive"]],
    [
      "with a number that would change",
      '{"schema":{"maximum":9007199254740993}}',
      "validation-failed",
      ["/schema/maximum"],
    ],
    [
      "with too many pointers",
      { schema, sensitive: Array.from({ length: 101 }, (_, n) => `/a${n}`) },
      "validation-failed",
      ["/sensitive"],
    ],
    [
      "with too many examples",
      { schema: {}, examples: Array(21).fill({}) },
      "validation-failed",
      ["/examples"],
    ],
  ];
  for (const [promise, body, code, pointers] of refused) {
    test(`${promise} is refused`, async () => {
      const answer = await put("a.b", body);
      assert.equal(answer.status, 422, answer.text);
      assert.equal(answer.json.type, `urn:trulinks:problem:${code}`);
      assert.deepEqual(pointersOf(answer), pointers);
    });
  }

  for (const type of ["ping", "hook.failing", "grant.created", "app.x.y", "policy.changed"]) {
    test(`of the platform's own type ${type} is refused, and so are its events`, async () => {
      const answer = await put(type, { schema });
      assert.deepEqual([answer.status, answer.json.errors[0].pointer], [422, "#/path/type"]);
      assert.match(answer.json.errors[0].message, /the platform's own events.*Choose another name/);
      const event = { type, users: ["ada"], data: {} };
      const refusal = await apis.ask({ method: "POST", path: "/v1/events", body: event });
      assert.deepEqual([refusal.status, refusal.json.errors[0].pointer], [422, "/type"]);
      const body = { events: [event] };
      const { json } = await apis.ask({ method: "POST", path: "/v1/events/batch", body });
      assert.deepEqual([json.results[0].status, json.results[0].problem.errors[0].pointer], [422, "/type"]);
    });
  }

  for (const type of ["hooks.failing", "hook", "policy.changed.x", "pings", "my.app.x"]) {
    test(`of the name ${type} is nobody else's`, async () => {
      assert.equal((await put(type, { schema })).status, 200);
    });
  }

  test("of a name that is none is refused", async () => {
    const answer = await put("Issue.Opened", { schema });
    assert.deepEqual([answer.status, pointersOf(answer)], [422, ["#/path/type"]]);
  });

  test("with as many pointers and examples as may be is taken", async () => {
    const sensitive = Array.from({ length: 100 }, (_, n) => `/a${n}`);
    const answer = await put("at.the.edge", { schema: {}, sensitive, examples: Array(20).fill({}) });
    assert.equal(answer.status, 200, answer.text);
  });

  test("whose request is too large is refused", async () => {
    const answer = await put("a.b", { schema: {}, description: "x".repeat(256 * 1024) });
    assert.equal(answer.status, 413);
  });

  test("that asks for what only looks like a password says so", async () => {
    const login = { properties: { password: { type: "string" } } };
    const body = { schema: { properties: { rule: login } }, not_password: ["/rule/password"] };
    assert.equal((await put("rule.made", body)).status, 200);
    const taken = await publish({ type: "rule.made", data: { rule: { password: "8 letters" } } });
    assert.equal(taken.status, 202, taken.text);
    const refused = await publish({ type: "rule.made", data: { rule: {}, password: "8 letters" } });
    assert.deepEqual([refused.json.guideline, pointersOf(refused)], ["no-passwords", ["/data/password"]]);
    assert.doesNotMatch(refused.text, /8 letters/);
  });
});

describe("an event of a registered type", () => {
  test("is held against its schema, alone and in a batch, and nothing of it is said again", async () => {
    await put("issue.opened", { schema });
    const bad = { type: "issue.opened", data: { issue: { title: 5, user: { email: "hunter2" } } } };
    const good = { type: "issue.opened", users: ["ada"], data: { issue: { title: "Hello" } } };
    const answer = await publish(bad);
    assert.deepEqual([answer.status, answer.json.type], [422, "urn:trulinks:problem:validation-failed"]);
    assert.deepEqual(pointersOf(answer), ["/data/issue/title", "/data/issue/user/email"]);
    const events = [good, { ...bad, users: ["ada"] }, { ...good, type: "issue.openend" }];
    const batch = await apis.ask({ method: "POST", path: "/v1/events/batch", body: { events } });
    const [first, second, third] = batch.json.results;
    assert.equal(first.status, 202);
    assert.equal(second.problem.errors[0].pointer, "/data/issue/title");
    assert.equal(third.problem.type, "urn:trulinks:problem:unknown-event-type");
    assert.doesNotMatch(answer.text + batch.text, /hunter2/);
    assert.doesNotMatch(JSON.stringify(apis.lines), /hunter2/);
  });

  test("that is not registered is refused, and what was most likely meant is named", async () => {
    const answer = await publish({ type: "issue.openend", data: {} });
    assert.deepEqual([answer.status, pointersOf(answer)], [422, ["/type"]]);
    assert.equal(
      answer.json.errors[0].message,
      "There is no event type issue.openend. Did you mean issue.opened?",
    );
  });

  test("that was taken before has the same answer again, whatever its type says by now", async () => {
    const data = { issue: { title: "Hello" } };
    await put("issue.opened", { schema });
    const first = await publish({ type: "issue.opened", id: "evt-before", data });
    const keyed = { "idempotency-key": "before" };
    const events = [{ type: "issue.opened", users: ["ada"], data }];
    const batch = { method: "POST", path: "/v1/events/batch", body: { events }, headers: keyed } as const;
    const second = await apis.ask(batch);
    assert.deepEqual([first.status, second.json.results[0].status], [202, 202]);

    await put("issue.opened", { schema: { required: ["number"] } });
    const again = await publish({ type: "issue.opened", id: "evt-before", data });
    assert.deepEqual([again.status, again.json], [202, first.json]);
    assert.deepEqual((await apis.ask(batch)).json, second.json);
    const other = await publish({
      type: "issue.opened",
      id: "evt-before",
      data: { issue: { title: "Other" } },
    });
    assert.deepEqual([other.status, pointersOf(other)], [422, ["/data/number"]]);
    assert.equal((await publish({ type: "issue.opened", data })).status, 422);
    const mixed = [
      { ...events[0], id: "evt-before" },
      events[0],
      { ...events[0], data: { number: 1 } },
      { type: 5 },
    ];
    const results = await apis.ask({ method: "POST", path: "/v1/events/batch", body: { events: mixed } });
    assert.deepEqual(
      results.json.results.map(({ status, id }: { status: number; id?: string }) => [
        status,
        id === first.json.id,
      ]),
      [
        [202, true],
        [422, false],
        [202, false],
        [422, false],
      ],
    );
    await put("issue.opened", { schema });
  });

  test("is stored with what its type says", async () => {
    await put("issue.opened", whole);
    const data = {
      issue: { title: "Hello", reporter: "ada", user: { email: "ada@example.com", mobile: "1" } },
    };
    await apis.ask({
      method: "POST",
      path: "/v1/hooks",
      body: { user: "ada", url: "https://example.com/hooks", events: ["issue.*"] },
    });
    const { json } = await publish({ type: "issue.opened", data });
    assert.equal(json.deliveries, 1);
    const deliveries = await apis.ask({ method: "GET", path: `/v1/deliveries?event=${json.id}` });
    const found = await apis.storage.webhooks.findDelivery(deliveries.json.data[0].id, { kind: "all" });
    assert.equal(found?.event?.action, "made");
  });
});
