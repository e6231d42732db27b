import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemDice } from "../base/dice.ts";
import { openSqliteInProcess } from "../storage/sqlite/open.ts";
import { type Catalogues, createCatalogues } from "./catalogue.ts";
import type { EventTypeDefinition, JsonObject } from "./event-type.ts";
import type { EventTypeStore } from "./event-type-store.ts";
import type { Judgement } from "./judge-event.ts";

/** A clock that stands still until it is told to go on. */
function createTime() {
  let nowMs = 0;
  return { now: () => nowMs, monotonic: () => nowMs, pass: (ms: number) => (nowMs += ms) };
}

function openNodes() {
  const clock = createTime();
  const storage = openSqliteInProcess({ file: ":memory:", dice: systemDice });
  let looks = 0;
  let isDown = false;
  const store: EventTypeStore = {
    ...storage.eventTypes,
    listEventTypeChanges: async (stamp, countMax) => {
      looks += 1;
      if (isDown) throw new Error("down");
      return storage.eventTypes.listEventTypeChanges(stamp, countMax);
    },
  };
  return {
    clock,
    one: createCatalogues({ store, clock }),
    other: createCatalogues({ store, clock }),
    looks: () => looks,
    setDown: (down: boolean) => {
      isDown = down;
    },
  };
}

const definition = (over: Partial<EventTypeDefinition> = {}): EventTypeDefinition => ({
  description: null,
  schema: {},
  sensitive: [],
  notPassword: [],
  action: "opened",
  examples: [],
  scopes: null,
  fieldScopes: [],
  ...over,
});

async function put(to: Catalogues, type: string, over: Partial<EventTypeDefinition> = {}): Promise<void> {
  const answer = await to.put(type, definition(over));
  assert.equal(answer.kind, "put", JSON.stringify(answer));
}

async function judge(by: Catalogues, type: string, data: JsonObject): Promise<Judgement> {
  return (await by.current()).judge(type, data);
}

const kindOf = async (by: Catalogues, type = "issue.opened", data: JsonObject = {}): Promise<string> =>
  (await judge(by, type, data)).kind;

describe("an event", () => {
  test("of any type is taken while no type is registered, with what its keys say", async () => {
    const { one } = openNodes();
    assert.deepEqual(await judge(one, "issue.closed", { user: { phone: "1" } }), {
      kind: "good",
      terms: { action: "closed", sensitive: ["/user/phone"], scopes: null, fieldScopes: [] },
    });
    assert.deepEqual(await judge(one, "a", { pwd: "x" }), { kind: "passwords", pointers: ["/pwd"] });
  });

  test("of an unknown type is not, from the first registered type on", async () => {
    const { one } = openNodes();
    await put(one, "issue.opened");
    assert.deepEqual(await judge(one, "issue.openend", {}), { kind: "unknown-type", near: "issue.opened" });
    assert.deepEqual(await judge(one, "x", {}), { kind: "unknown-type", near: null });
    await one.delete("issue.opened");
    assert.equal(await kindOf(one, "x"), "good");
  });

  test("comes under the terms of its type", async () => {
    const { one } = openNodes();
    const fieldScopes = [{ pointer: "/pay", scopes: ["pay:read"] }];
    const schema = { properties: { mail: { format: "email" } } };
    const scopes = ["issues:read"];
    await put(one, "issue.opened", {
      schema,
      sensitive: ["/user/*/name"],
      action: "made",
      scopes,
      fieldScopes,
    });
    const data = { mail: "a@b.c", user: [{ name: "Ada", tel: "1" }] };
    assert.deepEqual(await judge(one, "issue.opened", data), {
      kind: "good",
      terms: { action: "made", sensitive: ["/mail", "/user/*/name", "/user/*/tel"], scopes, fieldScopes },
    });
  });

  test("that breaks its schema is told where", async () => {
    const { one } = openNodes();
    await put(one, "issue.opened", { schema: { properties: { n: { type: "integer" } }, required: ["id"] } });
    const judgement = await judge(one, "issue.opened", { n: "5" });
    assert(judgement.kind === "flawed");
    assert.deepEqual(
      judgement.flaws.map(({ instancePath, keyword }) => [instancePath, keyword]),
      [
        ["", "required"],
        ["/n", "type"],
      ],
    );
  });

  test("may have what only looks like a password where its type says so", async () => {
    const { one } = openNodes();
    await put(one, "issue.opened", { notPassword: ["/policy/password"] });
    assert.equal(await kindOf(one, "issue.opened", { policy: { password: "strong" } }), "good");
    assert.equal(await kindOf(one, "issue.opened", { password: "strong" }), "passwords");
  });

  test("that takes too long does so twice in one request, and no more", async () => {
    const { one } = openNodes();
    await put(one, "issue.opened", { schema: { properties: { a: { pattern: "^(a+)+$" } } } });
    const { judge } = await one.current();
    const slow = { a: `${"a".repeat(40)}!` };
    for (const data of [slow, slow, slow, {}]) assert.equal(judge("issue.opened", data).kind, "too-costly");
    assert.equal(await kindOf(one), "good");
  });

  test("of more types than are kept compiled is judged as well", async () => {
    const { one } = openNodes();
    const types = Array.from({ length: 210 }, (_, n) => `t${n}`);
    for (const type of types) await put(one, type, { schema: { required: [type] } });
    for (let round = 0; round < 2; round++) {
      for (const type of types) {
        assert.equal(await kindOf(one, type, {}), "flawed");
        assert.equal(await kindOf(one, type, { [type]: 1 }), "good");
      }
    }
  });
});

describe("a type", () => {
  const flawed: readonly (readonly [
    promise: string,
    over: Partial<EventTypeDefinition>,
    pointers: readonly string[],
  ])[] = [
    ["whose schema is none", { schema: { type: "strin" } }, ["/schema/type"]],
    ["whose schema asks for a password", { schema: { required: ["pwd"] } }, ["/schema/required"]],
    [
      "with an example that its schema refuses",
      { schema: { required: ["n"] }, examples: [{ n: 1 }, {}] },
      ["/examples/1"],
    ],
    ["with an example that has a password", { examples: [{ a: { pwd: "x" } }] }, ["/examples/0/a/pwd"]],
  ];
  for (const [promise, over, pointers] of flawed) {
    test(`${promise} is refused`, async () => {
      const { one } = openNodes();
      const answer = await one.put("a", definition(over));
      assert(answer.kind === "flawed");
      assert.deepEqual(
        answer.flaws.map((flaw) => (flaw.kind === "reserved" ? flaw.kind : flaw.pointer)),
        pointers,
      );
      assert.deepEqual((await one.current()).eventTypes, []);
    });
  }

  test("is the same again with its members in another order", async () => {
    const { one } = openNodes();
    await put(one, "a", { schema: { type: "object", required: ["a"] } });
    await put(one, "a", { schema: { required: ["a"], type: "object" } });
    assert.deepEqual(
      (await one.current()).eventTypes.map(({ version }) => version),
      [1],
    );
  });
});

describe("several nodes", () => {
  test("what one changes holds there at once, and on others after a second", async () => {
    const { one, other, clock } = openNodes();
    await other.current();
    await put(one, "a.b", { schema: { required: ["n"] } });
    assert.deepEqual([await kindOf(one, "a.b"), await kindOf(other, "a.b")], ["flawed", "good"]);
    clock.pass(1_001);
    assert.equal(await kindOf(other, "a.b"), "flawed");

    await put(one, "a.b", {});
    await one.delete("a.b");
    await put(one, "c");
    assert.equal(await kindOf(one, "a.b"), "unknown-type");
    clock.pass(1_001);
    assert.equal(await kindOf(other, "a.b"), "unknown-type");
    const [mine, theirs] = [await one.current(), await other.current()];
    assert.deepEqual([mine.eventTypes, mine.stamp], [theirs.eventTypes, theirs.stamp]);
  });

  test("the store is asked once a second at most, however many ask", async () => {
    const { one, clock, looks } = openNodes();
    await Promise.all(Array.from({ length: 50 }, () => one.current()));
    for (let step = 0; step < 5; step++) {
      clock.pass(100);
      await one.current();
    }
    assert.equal(looks(), 1);
    clock.pass(1);
    await Promise.all(Array.from({ length: 50 }, () => one.current()));
    assert.equal(looks(), 2);
  });

  test("a store that is away is told to whoever cannot do without, and is asked again", async () => {
    const { one, clock, setDown } = openNodes();
    await one.current();
    setDown(true);
    clock.pass(600);
    await one.current();
    clock.pass(500);
    await assert.rejects(one.current(), /down/);
    setDown(false);
    assert.deepEqual((await one.current()).eventTypes, []);
  });
});
