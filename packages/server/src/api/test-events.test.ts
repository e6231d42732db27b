import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";
import { make, makeSide, type Side } from "./matrix-world.contract.ts";

let apis: Apis;
let side: Side;
before(async () => {
  apis = await openApis();
  side = await makeSide(apis);
  for (const [type, definition] of Object.entries({
    "issue.opened": { examples: [{ number: 1 }] },
    "issue.empty": {},
    "issue.scoped": { examples: [{ number: 1 }], scopes: ["never-granted"] },
  })) {
    await apis.ask({ method: "PUT", path: `/v1/event-types/${type}`, body: { schema: {}, ...definition } });
  }
});
after(() => apis.close());

async function makeHook(over: object = {}): Promise<string> {
  const hook = { user: side.user, url: "https://example.com/hooks", events: ["issue.*"], ...over };
  return (await make(apis, "/v1/hooks", hook)).id;
}

const sendTest = (hook: string, body: unknown, as = side.userToken): Promise<Answer> =>
  apis.askPublic({ method: "POST", path: `/integrations/hooks/${hook}/tests`, as, body });

describe("a test event", () => {
  test("is under way, and shows as one among the hook's deliveries", async () => {
    const hook = await makeHook();
    const sent = await sendTest(hook, { type: "issue.opened" });
    assert.equal(sent.status, 202, sent.text);
    const path = `/integrations/deliveries/${sent.json.delivery}`;
    const { json } = await apis.askPublic({ method: "GET", path, as: side.userToken });
    assert.deepEqual(
      [json.event, json.type, json.hook, json.test, json.sequence, json.user, json.state],
      [sent.json.id, "issue.opened", hook, true, null, null, "waiting"],
    );
    // What is read by number has none of it.
    const feed = await apis.ask({ method: "GET", path: `/v1/hooks/${hook}/events?after=0` });
    assert.deepEqual(feed.json.data, []);
  });

  test("works alike on the provider's listener", async () => {
    const path = `/v1/hooks/${await makeHook()}/tests`;
    assert.equal((await apis.ask({ method: "POST", path, body: { type: "issue.opened" } })).status, 202);
    const nobody = await apis.ask({
      method: "POST",
      path: "/v1/hooks/hok_none/tests",
      body: { type: "a.b" },
    });
    assert.equal(nobody.status, 404);
  });

  const refused: readonly (readonly [why: string, hook: object, body: unknown, said: RegExp])[] = [
    ["a type that there is not", {}, { type: "issue.opend" }, /Did you mean issue\.opened\?/],
    ["a type without an example", {}, { type: "issue.empty" }, /no example.*PUT \/v1\/event-types/],
    ["a type that the hook does not want", { events: ["pull.*"] }, { type: "issue.opened" }, /`events`/],
    [
      "an example that its filter leaves out",
      { filter: { "/number": 2 } },
      { type: "issue.opened" },
      /`filter`/,
    ],
    ["no type at all", {}, {}, /type/],
    ["what is no type", {}, { type: "Issue Opened" }, /type/],
  ];
  for (const [why, over, body, said] of refused) {
    test(`is refused, with what to mend: ${why}`, async () => {
      const answer = await sendTest(await makeHook(over), body);
      assert.equal(answer.status, 422, answer.text);
      assert.match(answer.json.errors[0].message, said);
      assert.equal(answer.json.errors[0].pointer, "/type");
    });
  }

  test("is refused where no grant of the app has a scope that the type takes", async () => {
    const hook = await makeHook({ user: undefined, app: side.app });
    const answer = await sendTest(hook, { type: "issue.scoped" }, side.basic);
    assert.equal(answer.status, 422, answer.text);
    assert.match(answer.json.errors[0].message, /No grant of the app/);
    assert.equal((await sendTest(await makeHook(), { type: "issue.scoped" })).status, 202);
  });

  test("is refused while the receiver has not answered a ping", async () => {
    const body = { url: "https://example.com/pending", events: ["*"] };
    const made = await apis.askPublic({
      method: "POST",
      path: "/integrations/hooks",
      as: side.userToken,
      body,
    });
    const answer = await sendTest(made.json.id, { type: "issue.opened" });
    assert.equal(answer.status, 422);
    assert.match(answer.json.errors[0].message, /pending.*Ping it first/);
  });
});
