import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventType } from "./event-type.ts";
import { findEventTypeFlaws } from "./event-type-flaws.ts";
import { PLATFORM_EVENT_TYPES, withPlatformTypes } from "./platform-catalogue.ts";
import { isReserved } from "./platform-event.ts";

const OWN = PLATFORM_EVENT_TYPES.map(({ type }) => type);

/** A registry with types of these names, read as the store reads it. */
function registryOf(names: readonly string[]) {
  const types = names.toSorted().map((type) => ({ type }) as EventType);
  return withPlatformTypes({
    findEventType: async (name) => types.find(({ type }) => type === name) ?? null,
    async listEventTypes({ after, countMax }) {
      const left = types.filter(({ type }) => after === null || type > after);
      const items = left.slice(0, countMax);
      return { items, next: left.length > countMax ? (items.at(-1)?.type ?? null) : null };
    },
  });
}

for (const names of [[], ["a.b"], ["z.z"], ["a.a", "b.b", "hook", "hooks.x", "i.i", "j.j", "k.k"]]) {
  for (const countMax of [1, 2, 3, 4, 200]) {
    test(`${names.length} registered types and the platform's own, in pages of ${countMax}`, async () => {
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page = await registryOf(names).listEventTypes({ after, countMax });
        assert.ok(page.items.length <= countMax);
        seen.push(...page.items.map(({ type }) => type));
        after = page.next;
      } while (after !== null);
      assert.deepEqual(seen, [...names, ...OWN].sort());
    });
  }
}

test("each is good as a type, and nobody else's", async () => {
  for (const eventType of PLATFORM_EVENT_TYPES) {
    assert.deepEqual(findEventTypeFlaws(eventType), []);
    assert.ok(isReserved(eventType.type));
    assert.equal(await registryOf([]).findEventType(eventType.type), eventType);
  }
  assert.equal((await registryOf(["a.b"]).findEventType("a.b"))?.type, "a.b");
  assert.equal(await registryOf([]).findEventType("a.b"), null);
});
