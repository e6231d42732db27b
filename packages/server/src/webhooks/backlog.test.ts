import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_HAND_BYTES_MAX, AT_HAND_MS_MAX, createBacklog, type Line, nextOf } from "./backlog.ts";
import { makeClaims, makeHook } from "./capacity-fixtures.contract.ts";
import type { Claim } from "./claim.ts";

/** Without a bound for a hook of its own. */
const at = (origin: string) => ({ origin, ofHookMax: 1_000 });
const namesOf = (claims: readonly Claim[]) => claims.map(({ deliveryId }) => deliveryId as string);

function createStage(countMax = 100) {
  const gone: string[] = [];
  const backlog = createBacklog(countMax, ({ id }) => gone.push(id));
  const fill = (id: string, origin: string) => {
    const claims = makeClaims(makeHook(id), 1_000);
    const refused = claims.findIndex((claim) => backlog.add(claim, at(origin), 0) === null);
    return refused === -1 ? claims.length : refused;
  };
  return { backlog, gone, fill };
}

test("what was never tried goes first; among its like each keeps its order", () => {
  const { backlog, gone } = createStage();
  const hook = makeHook("a");
  const [early, late] = makeClaims(hook, 2, 2);
  const [first, second] = makeClaims(hook, 2);
  for (const claim of [early, first, late, second]) if (claim) backlog.add(claim, at("https://a"), 0);
  const taken: (Claim | undefined)[] = [];
  for (let line = backlog.find(hook.id); line !== undefined; line = backlog.find(hook.id)) {
    taken.push(nextOf(line));
    backlog.takeNext(line);
  }
  assert.deepEqual(taken, [first, second, early, late]);
  assert.deepEqual([gone, backlog.size()], [["a"], 0]);
});

test("what has waited too long is taken out, and the rest stays", () => {
  const { backlog, gone } = createStage();
  const [a1, a2] = makeClaims(makeHook("a"), 2) as [Claim, Claim];
  const [b1] = makeClaims(makeHook("b"), 1) as [Claim];
  for (const [claim, atMs] of [
    [b1, 0],
    [a1, 0],
    [a2, 1],
  ] as const)
    backlog.add(claim, at("https://a"), atMs);
  assert.deepEqual(backlog.takeStale(AT_HAND_MS_MAX), []);
  assert.deepEqual(namesOf(backlog.takeStale(AT_HAND_MS_MAX + 1)), ["b.0", "a.0"]);
  assert.deepEqual([gone, backlog.size()], [["b"], 1]);
  assert.deepEqual(nextOf(backlog.find(a2.hook.id) as Line), a2);
  assert.deepEqual(namesOf(backlog.takeAll()), ["a.1"]);
  assert.deepEqual([gone, backlog.size()], [["b", "a"], 0]);
});

test("of one hook only so much is at hand as is said", () => {
  const { backlog } = createStage(1_000);
  const where = { origin: "https://a", ofHookMax: 3 };
  const added = makeClaims(makeHook("a"), 5).map((claim) => backlog.add(claim, where, 0) !== null);
  assert.deepEqual(added, [true, true, true, false, false]);
});

test("only so many bytes are at hand, and room for them comes back", () => {
  const { backlog } = createStage(1_000);
  const data = "x".repeat(AT_HAND_BYTES_MAX / 4);
  const large = makeClaims(makeHook("a"), 5).map((claim) => ({ ...claim, event: { ...claim.event, data } }));
  const added = large.map((claim) => backlog.add(claim, at("https://a"), 0) !== null);
  assert.deepEqual(added, [true, true, true, true, false]);
  const [first] = backlog.takeAll();
  assert.ok(first && backlog.add(first, at("https://a"), 0) !== null);
});

test("no origin has more at hand than it leaves to others", () => {
  const { backlog, fill } = createStage(64);
  const sums = [1, 2, 3, 4].map((index) => fill(`a${index}`, "https://a"));
  assert.deepEqual(sums, [32, 0, 0, 0]);
  assert.deepEqual(
    [5, 6, 7].map((index) => fill(`b${index}`, `https://b${index}`)),
    [16, 8, 4],
  );
  assert.ok(backlog.size() < 64, "there is always room for one more origin");
});

test("more is fetched for a hook while what is at hand starts", () => {
  const { backlog } = createStage(1_000);
  const hook = makeHook("a");
  for (const claim of makeClaims(hook, 7)) backlog.add(claim, at("https://a"), 0);
  assert.equal(backlog.isShort(hook.id, "https://a"), true);
  for (const claim of makeClaims(hook, 1)) backlog.add(claim, at("https://a"), 0);
  assert.equal(backlog.isShort(hook.id, "https://a"), false);
  assert.equal(backlog.isShort(makeHook("b").id, "https://a"), true);
});

test("an origin is short while it has less at hand than half of what it may", () => {
  const { backlog, fill } = createStage(30);
  const other = makeHook("b").id;
  assert.equal(fill("a", "https://a"), 15);
  const line = backlog.find(makeHook("a").id) as Line;
  for (; backlog.size() > 10; backlog.takeNext(line))
    assert.equal(backlog.isShort(other, "https://a"), false);
  backlog.takeNext(line);
  assert.equal(backlog.isShort(other, "https://a"), true);
});
