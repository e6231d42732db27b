import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, openApis } from "../api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
});
after(() => apis.close());

const KIB = 1024;
const event = { type: "issue.opened", users: ["ada"], data: {} };
const names = (count: number) => Array.from({ length: count }, (_, number) => `name-${number}`);
const word = (characters: number) => "x".repeat(characters);

function publish(body: unknown): Promise<Answer> {
  return apis.ask({ method: "POST", path: "/v1/events", body });
}

function publishBatch(body: unknown): Promise<Answer> {
  return apis.ask({ method: "POST", path: "/v1/events/batch", body });
}

/** An event of exactly so many bytes, with a type of its own where one is asked for. */
function eventOf(bytes: number, over: object = {}): string {
  const empty = JSON.stringify({ ...event, ...over, data: { text: "" } });
  return JSON.stringify({ ...event, ...over, data: { text: word(bytes - empty.length) } });
}

function nested(depth: number): object {
  let value = {};
  for (let level = 1; level < depth; level++) value = { value };
  return value;
}

interface Edge {
  readonly what: string;
  readonly good: unknown;
  readonly bad: unknown;
  readonly status: 413 | 422;
  /** Of the member that is told, if one is. */
  readonly pointer: string | null;
}

const EDGES: readonly Edge[] = [
  {
    what: "256 KiB",
    good: eventOf(256 * KIB),
    bad: eventOf(256 * KIB + 1),
    status: 413,
    pointer: null,
  },
  {
    what: "10 000 users",
    good: { ...event, users: ["ada", ...names(9_999)] },
    bad: { ...event, users: ["ada", ...names(10_000)] },
    status: 422,
    pointer: "/users",
  },
  {
    what: "1 000 groups",
    good: { ...event, groups: names(1_000) },
    bad: { ...event, groups: names(1_001) },
    status: 422,
    pointer: "/groups",
  },
  {
    what: "64 levels of data",
    good: { ...event, data: nested(64) },
    bad: { ...event, data: nested(65) },
    status: 422,
    pointer: "/data",
  },
  {
    what: "a type of 128 characters",
    good: { ...event, type: word(128) },
    bad: { ...event, type: word(129) },
    status: 422,
    pointer: "/type",
  },
  {
    what: "an id of 128 characters",
    good: { ...event, id: word(128) },
    bad: { ...event, id: word(129) },
    status: 422,
    pointer: "/id",
  },
  {
    what: "a key of 128 characters",
    good: { ...event, key: word(128) },
    bad: { ...event, key: word(129) },
    status: 422,
    pointer: "/key",
  },
  {
    what: "a key of one character",
    good: { ...event, key: "k" },
    bad: { ...event, key: "" },
    status: 422,
    pointer: "/key",
  },
  {
    what: "a second to live",
    good: { ...event, expires_in_s: 1 },
    bad: { ...event, expires_in_s: 0 },
    status: 422,
    pointer: "/expires_in_s",
  },
  {
    what: "31 days to live",
    good: { ...event, expires_in_s: 31 * 86_400 },
    bad: { ...event, expires_in_s: 31 * 86_400 + 1 },
    status: 422,
    pointer: "/expires_in_s",
  },
];

describe("an event's bounds: the last good and the first bad", () => {
  for (const { what, good, bad, status, pointer } of EDGES) {
    test(`${what}, alone`, async () => {
      const taken = await publish(good);
      assert.equal(taken.status, 202, taken.text.slice(0, 300));
      const refused = await publish(bad);
      assert.equal(refused.status, status);
      assert.equal(refused.json.errors?.[0].pointer ?? null, pointer);
      if (status === 413) assert.match(refused.json.detail, /262144 bytes/);
    });

    test(`${what}, in a batch`, async () => {
      const textOf = (given: unknown) => (typeof given === "string" ? given : JSON.stringify(given));
      const { status: answered, json } = await publishBatch(`{"events":[${textOf(good)},${textOf(bad)}]}`);
      assert.equal(answered, 202);
      const [taken, refused] = json.results;
      assert.deepEqual([taken.status, refused.status], [202, status]);
      assert.equal(refused.problem.errors?.[0].pointer ?? null, pointer);
    });
  }

  for (const [what, body, pointer] of [
    ["a fraction of a second", { ...event, expires_in_s: 1.5 }, "/expires_in_s"],
    ["a key that is a number", { ...event, key: 1 }, "/key"],
    ["null for a key", { ...event, key: null }, "/key"],
  ] as const) {
    test(`${what} is refused`, async () => {
      const refused = await publish(body);
      assert.deepEqual([refused.status, refused.json.errors[0].pointer], [422, pointer]);
    });
  }
});

describe("a batch's bounds", () => {
  test("a thousand events of 4 KiB each are taken", async () => {
    const events = names(1_000).map((id) => eventOf(4 * KIB, { id }));
    const { status, json } = await publishBatch(`{"events":[${events.join(",")}]}`);
    assert.equal(status, 202);
    assert.ok(json.results.every((result: { readonly status: number }) => result.status === 202));
  });

  test("16 MiB are taken, and a byte more is not", async () => {
    const most = 16 * 1024 * KIB;
    const events = names(64).map((id) => eventOf(255 * KIB, { id: `big-${id}` }));
    const text = `{"events":[${events.join(",")}]}`;
    const filled = text.padEnd(most, " ");
    const taken = await publishBatch(filled);
    assert.equal(taken.status, 202, taken.text.slice(0, 300));
    assert.equal(taken.json.results.length, 64);
    const refused = await publishBatch(`${filled} `);
    assert.equal(refused.status, 413);
    assert.match(refused.json.detail, /16777216 bytes/);
  });
});
