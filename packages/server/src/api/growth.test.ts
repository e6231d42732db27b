import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answer, type Apis, type Method, openApis } from "./api-fixtures.contract.ts";

let isShort = false;
let apis: Apis;
let asUser: string;
let hook: string;
before(async () => {
  const isSpaceShort = () => isShort;
  apis = await openApis({ provider: { isSpaceShort }, integrator: { isSpaceShort } });
  await ask("POST", "/v1/users", { id: "ada" });
  asUser = `Bearer ${(await ask("POST", "/v1/tokens", { user: "ada" })).json.token}`;
  hook = (await ask("POST", "/v1/hooks", { user: "ada", url: "https://example.com/", events: ["*"] })).json
    .id;
});
after(() => apis.close());

function ask(method: Method, path: string, body?: object): Promise<Answer> {
  return apis.ask({ method, path, ...(body === undefined ? {} : { body }) });
}

function askPublic(method: Method, path: string, body?: object): Promise<Answer> {
  return apis.askPublic({ method, path, as: asUser, ...(body === undefined ? {} : { body }) });
}

const event = { id: "evt-once", type: "a.b", users: ["ada"], data: {} };
const newHook = { url: "https://example.com/", events: ["*"] };

const GROWING: readonly (readonly [string, () => Promise<Answer>, number])[] = [
  ["an event", () => ask("POST", "/v1/events", event), 202],
  ["a batch", () => ask("POST", "/v1/events/batch", { events: [event] }), 202],
  ["a user", () => ask("PUT", "/v1/users/grace", {}), 201],
  ["a member of a group", () => ask("PUT", "/v1/groups/team/users/ada"), 204],
  ["a hook of an integrator", () => askPublic("POST", "/integrations/hooks", newHook), 201],
  ["a ping", () => askPublic("POST", `/integrations/hooks/${hook}/pings`), 202],
];

const OTHERS: readonly (readonly [string, () => Promise<Answer>, number])[] = [
  ["reading", () => ask("GET", "/v1/deliveries"), 200],
  ["changing", () => askPublic("PATCH", `/integrations/hooks/${hook}`, { serial: true }), 200],
  ["asking whether it lives", () => ask("GET", "/readyz"), 200],
  ["deleting", () => ask("DELETE", "/v1/groups/none"), 404],
];

test("while space is short, what would grow the store is refused, all else goes on, and it ends by itself", async () => {
  isShort = true;
  for (const [what, send] of GROWING) {
    const { status, json, headers } = await send();
    assert.deepEqual(
      [status, json.type, headers["retry-after"]],
      [503, "urn:trulinks:problem:almost-full", "30"],
      what,
    );
  }
  for (const [what, send, status] of OTHERS) assert.equal((await send()).status, status, what);
  const stranger = await apis.ask({ method: "POST", path: "/v1/events", as: null, body: event });
  assert.equal(stranger.status, 401, "nobody without credentials learns of it");
  assert.ok(!apis.lines.some(({ event }) => event === "api.unavailable"), "refusals fill no log");

  isShort = false;
  for (const [what, send, status] of GROWING) assert.equal((await send()).status, status, what);
});
