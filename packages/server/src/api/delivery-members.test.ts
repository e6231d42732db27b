import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
});
after(() => apis.close());

async function makeHook(over: object): Promise<string> {
  const body = { user: "ada", url: "https://example.com/hooks", events: ["*"], ...over };
  const made = await apis.ask({ method: "POST", path: "/v1/hooks", body });
  assert.equal(made.status, 201, made.text);
  return made.json.id;
}

async function publish(over: object): Promise<void> {
  const body = { type: "issue.opened", users: ["ada"], data: {}, ...over };
  assert.equal((await apis.ask({ method: "POST", path: "/v1/events", body })).status, 202);
}

const get = (path: string): Promise<Answer> => apis.ask({ method: "GET", path });

/** The hook's deliveries as the list has them, oldest first; each is the same when it is shown alone. */
async function deliveriesOf(hook: string): Promise<Answer["json"][]> {
  const { data } = (await get(`/v1/deliveries?hook=${hook}`)).json;
  for (const { attempts: _, ...listed } of data) {
    const { attempts: __, ...alone } = (await get(`/v1/deliveries/${listed.id}`)).json;
    assert.deepEqual(alone, listed);
  }
  return data.reverse();
}

test("a delivery says under which key it waits, and until when it is worth sending", async () => {
  const hook = await makeHook({});
  await publish({ key: "issue:1", expires_in_s: 60 });
  await publish({});
  const [first, second] = await deliveriesOf(hook);
  assert.equal(first.key, "issue:1");
  assert.equal(Date.parse(first.expires_at) - Date.parse(first.created_at), 60_000);
  assert.deepEqual([second.key, second.expires_at, second.masked], [null, null, []]);
});

test("what a newer event of the same key took the place of is shown as replaced", async () => {
  const hook = await makeHook({});
  await publish({ key: "issue:2", data: { n: 1 } });
  await publish({ key: "issue:2", data: { n: 2 } });
  const states = (await deliveriesOf(hook)).map(({ state, because }) => [state, because]);
  assert.deepEqual(states, [
    ["replaced", null],
    ["waiting", "due"],
  ]);
  const { json } = await get(`/v1/deliveries?hook=${hook}&state=replaced`);
  assert.equal(json.data.length, 1);
});

test("what was not sent in time is shown as expired", async () => {
  const hook = await makeHook({});
  await publish({ expires_in_s: 1 });
  await apis.storage.webhooks.expire(Date.now() + 2_000, 100);
  const [delivery] = await deliveriesOf(hook);
  assert.deepEqual([delivery.state, delivery.due_at], ["expired", null]);
});

test("what waits behind another for a serial hook says so", async () => {
  const hook = await makeHook({ serial: true });
  await publish({});
  await publish({});
  const because = (await deliveriesOf(hook)).map((delivery) => delivery.because);
  assert.deepEqual(because, ["due", "limit"]);
});

test("a delivery to a hook that is not secured says so, and nothing of one that is gone", async () => {
  const secured = await makeHook({});
  const unsecured = await makeHook({ verify_tls: false });
  await publish({});
  assert.deepEqual(
    (await deliveriesOf(secured)).map((delivery) => delivery.secured),
    [true],
  );
  assert.deepEqual(
    (await deliveriesOf(unsecured)).map((delivery) => delivery.secured),
    [false],
  );
  await apis.ask({ method: "DELETE", path: `/v1/hooks/${unsecured}` });
  assert.deepEqual(
    (await deliveriesOf(unsecured)).map((delivery) => delivery.secured),
    [null],
  );
});
