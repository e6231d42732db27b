import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Apis, openApis } from "../api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

async function publish(id: string, users: readonly string[]): Promise<string> {
  const body = { id, type: "issue.opened", users, data: { secret: `of ${id}` } };
  const { status } = await apis.ask({ method: "POST", path: "/v1/events", body });
  assert.equal(status, 202);
  const { json } = await apis.ask({ method: "GET", path: `/v1/deliveries?event=${id}&user=${users[0]}` });
  return json.data[0].id;
}

async function makeUser(id: string): Promise<void> {
  await apis.ask({ method: "POST", path: "/v1/users", body: { id, name: "Ann", email: "ann@example.com" } });
  const hook = { user: id, url: "https://receiver.example/", events: ["*"] };
  assert.equal((await apis.ask({ method: "POST", path: "/v1/hooks", body: hook })).status, 201);
}

test("one call erases a user, and its receipt can be looked at", async () => {
  await makeUser("ann");
  const delivery = await publish("evt-1", ["ann"]);
  const { status, json } = await apis.ask({ method: "POST", path: "/v1/users/ann/erasures" });
  assert.equal(status, 202);
  const { id, started_at, ended_at, ...told } = json;
  assert.deepEqual(told, { user: "ann", state: "done", events: 1, deliveries: 1, attempts: 0 });
  assert.match(id, /^ers_/);
  assert.ok(started_at <= ended_at);
  assert.deepEqual((await apis.ask({ method: "GET", path: `/v1/erasures/${id}` })).json, json);

  const shown = (await apis.ask({ method: "GET", path: `/v1/deliveries/${delivery}` })).json;
  assert.deepEqual([shown.state, shown.payload_gone, shown.attempts], ["revoked", true, []]);
  const user = (await apis.ask({ method: "GET", path: "/v1/users/ann" })).json;
  assert.deepEqual([user.name, user.email], [null, null]);
});

test("a user who was deleted can be erased while there is a record, one of whom nothing is known cannot", async () => {
  await makeUser("bob");
  await publish("evt-2", ["bob"]);
  assert.equal((await apis.ask({ method: "DELETE", path: "/v1/users/bob" })).status, 204);
  assert.equal((await apis.ask({ method: "POST", path: "/v1/users/bob/erasures" })).status, 202);
  for (const [method, path] of [
    ["POST", "/v1/users/nobody/erasures"],
    ["GET", "/v1/erasures/ers_none"],
  ] as const) {
    assert.equal((await apis.ask({ method, path })).status, 404, path);
  }
});
