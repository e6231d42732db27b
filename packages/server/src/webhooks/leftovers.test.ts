import assert from "node:assert/strict";
import { test } from "node:test";
import type { HookId } from "@trulinks/protocol";
import { createLeftovers, LEFTOVER_HOOKS_MAX } from "./leftovers.ts";

const idOf = (index: number) => `h${index}` as HookId;
const always = () => true;
const never = () => false;

function noteMany(count: number) {
  const leftovers = createLeftovers();
  for (let index = 0; index < count; index++) leftovers.noteHook(idOf(index), "https://a");
  return leftovers;
}

test("a hook is news once, until the store is asked about it", () => {
  const leftovers = createLeftovers();
  assert.deepEqual(
    [1, 1, 2].map((index) => leftovers.noteHook(idOf(index), "https://a")),
    [true, false, true],
  );
  assert.deepEqual(leftovers.takeWanted(always, 1), [["h1", "https://a"]]);
  assert.equal(leftovers.noteHook(idOf(1), "https://a"), true);
  assert.equal(leftovers.size(), 2);
});

test("what is not wanted stays known, and is named", () => {
  const leftovers = noteMany(3);
  assert.deepEqual(
    leftovers.takeWanted((id) => id === idOf(1), 10).map(([id]) => id),
    [idOf(1)],
  );
  assert.deepEqual([leftovers.size(), leftovers.some()], [2, [idOf(0), idOf(2)]]);
  assert.equal(leftovers.isAnyWanted(never), false);
});

test("of many some are looked at in one go, and all of them in turn; what has changed comes first", () => {
  const leftovers = noteMany(1_000);
  const seen: HookId[] = [];
  const look = () => {
    seen.length = 0;
    leftovers.isAnyWanted((id) => {
      seen.push(id);
      return false;
    });
    return seen;
  };
  const first = [...look()];
  const second = [...look()];
  assert.equal(first.length, second.length);
  assert.equal(new Set([...first, ...second]).size, 1_000);
  leftovers.noteChange(idOf(700));
  assert.equal(look()[0], idOf(700));
});

test("only so many hooks are known; whoever goes is one of the others", () => {
  const leftovers = noteMany(LEFTOVER_HOOKS_MAX);
  assert.equal(leftovers.areOthers(), false);
  leftovers.noteHook(idOf(LEFTOVER_HOOKS_MAX), "https://a");
  assert.deepEqual([leftovers.size(), leftovers.areOthers()], [LEFTOVER_HOOKS_MAX, true]);
  assert.equal(leftovers.noteHook(idOf(0), "https://a"), true, "it is news again");
});
