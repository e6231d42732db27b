import assert from "node:assert/strict";
import { test } from "node:test";
import { createBacklog, HELD_MS_MAX } from "./backlog.ts";
import type { Claim } from "./claim.ts";

/** Of a claim only its names matter here. */
function claimOf(hook: string, delivery: string): Claim {
  return { deliveryId: delivery, hook: { id: hook } } as unknown as Claim;
}
const namesOf = (claims: readonly Claim[]) => claims.map(({ deliveryId }) => deliveryId as string);

test("hooks take turns, and each keeps its order", () => {
  const backlog = createBacklog();
  for (const name of ["a1", "a2", "a3", "b1", "c1"]) backlog.add(claimOf(name.slice(0, 1), name), 0);
  const takeNext = () => backlog.takeFirst(({ id }) => (id as string) !== "c");
  const started = [takeNext(), takeNext(), takeNext(), takeNext()].filter((claim) => claim !== null);
  assert.deepEqual(namesOf(started), ["a1", "b1", "a2", "a3"]);
  assert.equal(takeNext(), null);
  assert.deepEqual([backlog.size(), [...backlog.hooks()].map(({ id }) => id as string)], [1, ["c"]]);
});

test("what has waited too long is taken out, and the rest stays", () => {
  const backlog = createBacklog();
  backlog.add(claimOf("a", "a1"), 0);
  backlog.add(claimOf("b", "b1"), 1);
  backlog.add(claimOf("a", "a2"), 1);
  assert.deepEqual(namesOf(backlog.takeStale(HELD_MS_MAX)), []);
  assert.deepEqual(namesOf(backlog.takeStale(HELD_MS_MAX + 1)), ["a1"]);
  assert.deepEqual(namesOf(backlog.takeAll()).sort(), ["a2", "b1"]);
  assert.equal(backlog.size(), 0);
});
