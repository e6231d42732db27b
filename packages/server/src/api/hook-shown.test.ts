import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
let asUser: string;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
  const token = await apis.ask({ method: "POST", path: "/v1/tokens", body: { user: "ada" } });
  asUser = `Bearer ${token.json.token}`;
});
after(() => apis.close());

const url = "https://example.com/hooks";
const members = {
  filter: { "/issue/state": "open", "/issue/labels/0": ["bug", "ui"], "/issue/closed_at": null },
  include: ["/issue/title", "/issue/a~1b"],
  serial: true,
  secured: true,
};
const unset = { filter: null, include: null, serial: false };

interface Listener {
  readonly name: string;
  make(body: object): Promise<Answer>;
  change(id: string, body: object): Promise<Answer>;
  show(id: string): Promise<Answer>;
  list(): Promise<Answer>;
}

const provider: Listener = {
  name: "the provider's listener",
  make: (body) =>
    apis.ask({ method: "POST", path: "/v1/hooks", body: { user: "ada", url, events: ["*"], ...body } }),
  change: (id, body) => apis.ask({ method: "PATCH", path: `/v1/hooks/${id}`, body }),
  show: (id) => apis.ask({ method: "GET", path: `/v1/hooks/${id}` }),
  list: () => apis.ask({ method: "GET", path: "/v1/hooks?limit=200" }),
};
const integrator: Listener = {
  name: "the public listener",
  make: (body) => ask("POST", "/integrations/hooks", { url, events: ["*"], ...body }),
  change: (id, body) => ask("PATCH", `/integrations/hooks/${id}`, body),
  show: (id) => ask("GET", `/integrations/hooks/${id}`),
  list: () => ask("GET", "/integrations/hooks?limit=200"),
};
const listeners = [provider, integrator];

function ask(method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<Answer> {
  return apis.askPublic({ method, path, as: asUser, ...(body === undefined ? {} : { body }) });
}

function pick({ filter, include, serial, secured }: Answer["json"]): object {
  return { filter, include, serial, secured };
}

for (const { name, make, change, show, list } of listeners) {
  describe(`on ${name} a hook`, () => {
    test("has a filter, included fields and an order as it was made with, wherever it is shown", async () => {
      const { secured: _, ...body } = members;
      const made = await make(body);
      assert.equal(made.status, 201, made.text);
      const { id } = made.json;
      const listed = (await list()).json.data.find((hook: { id: string }) => hook.id === id);
      for (const shown of [made.json, (await show(id)).json, listed]) assert.deepEqual(pick(shown), members);
    });

    test("has none of them unless it asks, and null takes them away", async () => {
      const { json } = await make({});
      assert.deepEqual(pick(json), { ...unset, secured: true });
      const { json: hook } = await make({ filter: members.filter, include: [], serial: true });
      assert.deepEqual(hook.include, []);
      const changed = await change(hook.id, { filter: null, include: null, serial: false });
      assert.deepEqual(pick(changed.json), { ...unset, secured: true });
      assert.deepEqual(pick((await show(hook.id)).json), { ...unset, secured: true });
    });

    test("keeps what a change leaves out", async () => {
      const { secured: _, ...body } = members;
      const { json: hook } = await make(body);
      await change(hook.id, { filter: { "/a": [1, true] } });
      assert.deepEqual(pick((await show(hook.id)).json), { ...members, filter: { "/a": [1, true] } });
    });

    test("that believes any certificate is shown as not secured", async () => {
      const { json: hook } = await make({ verify_tls: false });
      assert.equal(hook.secured, false);
      assert.equal((await show(hook.id)).json.secured, false);
      assert.equal((await change(hook.id, { verify_tls: true })).json.secured, true);
    });
  });
}

describe("what waits for a hook is told", () => {
  for (const { name, show, list, change } of listeners) {
    test(`on ${name}, where it is shown, changed and listed`, async () => {
      const made = await provider.make({ events: ["invoice.paid"] });
      const { id } = made.json;
      assert.equal(made.json.backlog, undefined, "nothing can wait for a hook that was just made");
      assert.deepEqual((await show(id)).json.backlog, {
        ...{ waiting: 0, more: false, bytes: 0, oldest_at: null, next_try_at: null },
        because: { due: 0, retry: 0, "hook-paused": 0, "hook-pending": 0, limit: 0 },
      });
      const event = { type: "invoice.paid", users: ["ada"], data: { amount: 7 } };
      await change(id, { state: "paused" });
      for (const _ of [1, 2]) await apis.ask({ method: "POST", path: "/v1/events", body: event });
      const { json: hook } = await show(id);
      const { waiting, bytes, next_try_at, because } = hook.backlog;
      assert.deepEqual([waiting, bytes, next_try_at, because["hook-paused"]], [2, 24, null, 2]);
      assert.ok(Date.parse(hook.backlog.oldest_at) > 1.7e12);
      const listed = (await list()).json.data.find((one: { id: string }) => one.id === id);
      const changed = (await change(id, { ack_deadline_ms: 9_000 })).json;
      for (const other of [listed, changed]) assert.deepEqual(other.backlog, hook.backlog);
      await apis.ask({ method: "DELETE", path: `/v1/hooks/${id}` });
    });
  }
});
