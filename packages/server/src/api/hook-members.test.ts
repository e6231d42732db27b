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
interface Listener {
  make(body: object): Promise<Answer>;
  change(id: string, body: object): Promise<Answer>;
}

const provider: Listener = {
  make: (body) =>
    apis.ask({ method: "POST", path: "/v1/hooks", body: { user: "ada", url, events: ["*"], ...body } }),
  change: (id, body) => apis.ask({ method: "PATCH", path: `/v1/hooks/${id}`, body }),
};
const integrator: Listener = {
  make: (body) => ask("POST", "/integrations/hooks", { url, events: ["*"], ...body }),
  change: (id, body) => ask("PATCH", `/integrations/hooks/${id}`, body),
};
const listeners = [provider, integrator];

function ask(method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<Answer> {
  return apis.askPublic({ method, path, as: asUser, ...(body === undefined ? {} : { body }) });
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`);
const pointers = (count: number) => texts(count).map((text) => `/${text}`);
const filterOf = (count: number) => Object.fromEntries(pointers(count).map((pointer) => [pointer, 1]));
const long = (characters: number) => "x".repeat(characters);

const EDGES: readonly (readonly [string, object, object, string])[] = [
  ["conditions", { filter: filterOf(20) }, { filter: filterOf(21) }, "/filter"],
  ["values of a condition", { filter: { "/a": texts(50) } }, { filter: { "/a": texts(51) } }, "/filter/~1a"],
  ["characters of a value", { filter: { "/a": long(256) } }, { filter: { "/a": long(257) } }, "/filter/~1a"],
  [
    "characters of a value among others",
    { filter: { "/a": [long(256), 1] } },
    { filter: { "/a": [1, long(257)] } },
    "/filter/~1a/1",
  ],
  [
    "characters of a condition's pointer",
    { filter: { [`/${long(255)}`]: 1 } },
    { filter: { [`/${long(256)}`]: 1 } },
    `/filter/~1${long(256)}`,
  ],
  ["included fields", { include: pointers(100) }, { include: pointers(101) }, "/include"],
  [
    "characters of a field's pointer",
    { include: [`/${long(255)}`] },
    { include: [`/${long(256)}`] },
    "/include/0",
  ],
];

const FLAWS: readonly (readonly [string, object | string, string])[] = [
  ["a pointer without its slash", { filter: { "issue/state": "open" } }, "/filter/issue~1state"],
  ["a pointer that escapes nothing", { filter: { "/a~2": 1 } }, "/filter/~1a~02"],
  ["a pointer to the data as a whole", { filter: { "": 1 } }, "/filter/"],
  ["a pointer that no store could keep", { filter: { "/a\u0000": 1 } }, "/filter/~1a\u0000"],
  ["an object as a value", { filter: { "/a": {} } }, "/filter/~1a"],
  ["a list in a list", { filter: { "/a": [[1]] } }, "/filter/~1a/0"],
  ["no value at all", { filter: { "/a": [] } }, "/filter/~1a"],
  ["a value twice", { filter: { "/a": ["x", "x"] } }, "/filter/~1a"],
  ["a text that no store could keep", { filter: { "/a": "\u0000" } }, "/filter/~1a"],
  ["a list of conditions", { filter: [] }, "/filter"],
  [
    "a number that would change",
    '{"url":"https://example.com/","events":["*"],"filter":{"/a":9007199254740993}}',
    "",
  ],
  ["a field that is no pointer", { include: ["title"] }, "/include/0"],
  ["a field twice", { include: ["/a", "/a"] }, "/include"],
  ["a field that is a number", { include: [1] }, "/include/0"],
  ["an order that is a text", { serial: "yes" }, "/serial"],
  ["a pace without a release", { release_per_s: 5 }, "/release_per_s"],
];

describe("a hook's members", () => {
  for (const [what, good, bad, pointer] of EDGES) {
    test(`are bounded in ${what}: the last good and the first bad`, async () => {
      for (const { make } of listeners) {
        const taken = await make(good);
        assert.equal(taken.status, 201, taken.text);
        const refused = await make(bad);
        assert.equal(refused.status, 422);
        assert.deepEqual(pointersIn(refused), [pointer]);
      }
    });
  }

  for (const [what, body, pointer] of FLAWS) {
    test(`are refused with ${what}, made or changed`, async () => {
      const { json: hook } = await provider.make({});
      if (typeof body === "string") {
        const refused = await apis.askPublic({
          method: "POST",
          path: "/integrations/hooks",
          as: asUser,
          body,
        });
        assert.deepEqual([refused.status, ...pointersIn(refused)], [422, "/filter/~1a"]);
        return;
      }
      for (const { make, change } of listeners) {
        for (const refused of [await make(body), await change(hook.id, body)]) {
          assert.deepEqual([refused.status, ...pointersIn(refused)], [422, pointer], refused.text);
        }
      }
    });
  }

  test("say in words what a pointer is", async () => {
    const refused = await provider.make({ filter: { issue: 1 }, include: ["issue"] });
    const messages = refused.json.errors.map(({ message }: { message: string }) => message);
    assert.equal(messages.length, 2);
    for (const message of messages)
      assert.match(message, /must be a JSON pointer into `data`, such as \/issue/);
  });
});

describe("what is kept for a paused hook", () => {
  for (const [pace, status] of [
    [1, 200],
    [10_000, 200],
    [null, 200],
    [0, 422],
    [10_001, 422],
    [1.5, 422],
  ] as const) {
    test(`is released at ${pace} a second: ${status}`, async () => {
      const { make, change } = provider;
      const { json: hook } = await make({});
      await change(hook.id, { state: "paused" });
      const changed = await change(hook.id, { state: "active", release_per_s: pace });
      assert.equal(changed.status, status, changed.text);
      if (status === 422) assert.deepEqual(pointersIn(changed), ["/release_per_s"]);
    });
  }
});

function pointersIn({ json }: Answer): readonly string[] {
  return json.errors.map(({ pointer }: { readonly pointer: string }) => pointer);
}
