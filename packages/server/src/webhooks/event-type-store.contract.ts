import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Storage } from "../storage/storage.ts";
import type { EventTypeDefinition } from "./event-type.ts";
import type { EventTypeStore, NewEventType } from "./event-type-store.ts";

export interface OpenedStorage {
  readonly storage: Storage;
  close(): Promise<void>;
}

const NOW_MS = 1_790_000_000_000;
const PAGE = { after: null, countMax: 50 };

const definition: EventTypeDefinition = {
  description: "An issue was opened, “at last”.",
  schema: { type: "object", properties: { "~/é\u0000": { const: "\ud800" } }, required: [] },
  sensitive: ["/user/email"],
  notPassword: ["/*/pwd"],
  action: "opened",
  examples: [{ "~/é\u0000": "\ud800" }],
  scopes: ["issues:read"],
  fieldScopes: [{ pointer: "/pay", scopes: ["pay:read"] }],
};

const given = (over: Partial<NewEventType> = {}): NewEventType => ({
  type: "issue.opened",
  definition,
  fingerprint: "f1",
  nowMs: NOW_MS,
  typesMax: 10,
  versionsMax: 10,
  ...over,
});

async function put(store: EventTypeStore, over: Partial<NewEventType> = {}): Promise<number> {
  const answer = await store.putEventType(given(over));
  assert.equal(answer.kind, "put");
  return answer.kind === "put" ? answer.eventType.version : 0;
}

async function namesOf(store: EventTypeStore): Promise<readonly string[]> {
  return (await store.listEventTypes(PAGE)).items.map(({ type, version }) => `${type} ${version}`);
}

async function versionsOf(store: EventTypeStore, type = "issue.opened"): Promise<readonly number[] | null> {
  const page = await store.listEventTypeVersions(type, PAGE);
  return page === null ? null : page.items.map(({ version }) => version);
}

/** `open` gives an empty storage each time. */
export function eventTypeStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  function promised(title: string, run: (store: EventTypeStore) => Promise<void>): void {
    test(title, async () => {
      const { storage, close } = await open();
      try {
        await run(storage.eventTypes);
      } finally {
        await close();
      }
    });
  }

  describe(`the store of event types on ${name}`, () => {
    promised("a type comes back as it went in", async (store) => {
      assert.equal(await store.findEventType("issue.opened"), null);
      const eventType = { type: "issue.opened", version: 1, atMs: NOW_MS, ...definition };
      assert.deepEqual(await store.putEventType(given()), { kind: "put", eventType });
      assert.deepEqual(await store.findEventType("issue.opened"), eventType);
      assert.deepEqual((await store.listEventTypes(PAGE)).items, [eventType]);
      assert.equal(await store.findEventType("issue"), null);
    });

    promised("the same definition again changes nothing", async (store) => {
      await put(store);
      const [first] = await store.listEventTypeChanges(0, 10);
      assert.equal(
        await put(store, { nowMs: NOW_MS + 1, definition: { ...definition, description: null } }),
        1,
      );
      assert.deepEqual(await store.listEventTypeChanges(0, 10), [first]);
      assert.deepEqual(await versionsOf(store), [1]);
    });

    promised("another definition is the next version, and all versions are kept", async (store) => {
      for (const [at, fingerprint] of ["f1", "f2", "f1"].entries()) {
        const action = `action-${at}`;
        const version = await put(store, {
          fingerprint,
          nowMs: NOW_MS + at,
          definition: { ...definition, action },
        });
        assert.equal(version, at + 1);
      }
      const found = await store.listEventTypeVersions("issue.opened", PAGE);
      assert.deepEqual(
        found?.items.map(({ version, action, atMs }) => [version, action, atMs]),
        [2, 1, 0].map((at) => [at + 1, `action-${at}`, NOW_MS + at]),
      );
      assert.equal((await store.findEventType("issue.opened"))?.version, 3);
    });

    promised("a deleted type is gone, and its versions are not", async (store) => {
      assert.equal(await store.deleteEventType("issue.opened"), false);
      await put(store);
      assert.equal(await store.deleteEventType("issue.opened"), true);
      assert.equal(await store.deleteEventType("issue.opened"), false);
      assert.equal(await store.findEventType("issue.opened"), null);
      assert.deepEqual(await namesOf(store), []);
      assert.deepEqual(await versionsOf(store), [1]);
      assert.equal(await versionsOf(store, "issue.closed"), null);
    });

    promised("a deleted type comes back as it was, or as its next version", async (store) => {
      await put(store);
      await store.deleteEventType("issue.opened");
      assert.equal(await put(store), 1);
      assert.deepEqual(await namesOf(store), ["issue.opened 1"]);
      await store.deleteEventType("issue.opened");
      assert.equal(await put(store, { fingerprint: "f2" }), 2);
      assert.deepEqual(await versionsOf(store), [2, 1]);
    });

    promised("types are listed page by page, in the order of their bytes", async (store) => {
      for (const type of ["b", "a_b", "a.b", "a", "a.c"]) await put(store, { type });
      await store.deleteEventType("a.c");
      const first = await store.listEventTypes({ after: null, countMax: 3 });
      const second = await store.listEventTypes({ after: first.next, countMax: 3 });
      assert.deepEqual(
        first.items.map(({ type }) => type),
        ["a", "a.b", "a_b"],
      );
      assert.deepEqual([second.items.map(({ type }) => type), second.next], [["b"], null]);
    });

    promised("versions are listed page by page, newest first", async (store) => {
      for (let n = 1; n <= 12; n++) await put(store, { fingerprint: `f${n}`, versionsMax: 12 });
      await put(store, { type: "issue.other" });
      const first = await store.listEventTypeVersions("issue.opened", { after: null, countMax: 5 });
      const second = await store.listEventTypeVersions("issue.opened", {
        after: first?.next ?? "",
        countMax: 7,
      });
      assert.deepEqual(
        first?.items.map(({ version }) => version),
        [12, 11, 10, 9, 8],
      );
      assert.deepEqual([second?.items.at(-1)?.version, second?.items.length, second?.next], [1, 7, null]);
    });

    promised("there are no more types than may be, and deleting one makes room", async (store) => {
      for (const type of ["a", "b"]) await put(store, { type, typesMax: 2 });
      assert.deepEqual(await store.putEventType(given({ type: "c", typesMax: 2 })), {
        kind: "too-many-types",
      });
      assert.equal(await put(store, { type: "a", fingerprint: "f2", typesMax: 2 }), 2);
      await store.deleteEventType("a");
      assert.equal(await put(store, { type: "c", typesMax: 2 }), 1);
      assert.deepEqual(await store.putEventType(given({ type: "a", typesMax: 2 })), {
        kind: "too-many-types",
      });
      assert.deepEqual(await namesOf(store), ["b 1", "c 1"]);
    });

    promised("a type has no more versions than may be, and stays as it is", async (store) => {
      for (const fingerprint of ["f1", "f2"]) await put(store, { fingerprint, versionsMax: 2 });
      const refused = await store.putEventType(given({ fingerprint: "f3", versionsMax: 2 }));
      assert.deepEqual(refused, { kind: "too-many-versions" });
      assert.equal(await put(store, { fingerprint: "f2", versionsMax: 2 }), 2);
      assert.deepEqual(await versionsOf(store), [2, 1]);
    });

    promised("what has changed is told in order, each type once, as it is now", async (store) => {
      assert.deepEqual(await store.listEventTypeChanges(0, 10), []);
      for (const type of ["a", "b", "c"]) await put(store, { type });
      const [, second, third] = await store.listEventTypeChanges(0, 10);
      await put(store, { type: "a", fingerprint: "f2" });
      await store.deleteEventType("c");

      const all = await store.listEventTypeChanges(0, 10);
      assert.deepEqual(
        all.map(({ type, eventType }) => [type, eventType?.version ?? null]),
        [
          ["b", 1],
          ["a", 2],
          ["c", null],
        ],
      );
      assert.ok(all.every(({ stamp }, index) => stamp > (all[index - 1]?.stamp ?? 0)));
      assert.equal(all[0]?.stamp, second?.stamp);
      assert.deepEqual(await store.listEventTypeChanges(third?.stamp ?? 0, 10), all.slice(1));
      assert.deepEqual(await store.listEventTypeChanges(0, 2), all.slice(0, 2));
      assert.deepEqual(await store.listEventTypeChanges(all.at(-1)?.stamp ?? 0, 2), []);
    });

    promised("of many changes at once each is told, and whoever reads on misses none", async (store) => {
      const types = Array.from({ length: 8 }, (_, n) => `type_${n}`);
      const told = new Set<string>();
      let stamp = 0;
      const read = async () => {
        for (const change of await store.listEventTypeChanges(stamp, 100)) {
          told.add(change.type);
          stamp = change.stamp;
        }
      };
      const reading = (async () => {
        for (let round = 0; round < 20; round++) await read();
      })();
      await Promise.all([...types.map((type) => put(store, { type })), reading]);
      await read();
      assert.deepEqual([...told].sort(), types);
      assert.equal((await store.listEventTypeChanges(0, 100)).length, types.length);
    });

    promised("of the same change many times at once one version comes", async (store) => {
      const versions = await Promise.all(Array.from({ length: 10 }, () => put(store)));
      assert.deepEqual(new Set(versions), new Set([1]));
      assert.deepEqual(await versionsOf(store), [1]);
    });
  });
}
