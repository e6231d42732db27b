import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns, type Turn } from "./big-bodies.ts";

/** Which of the turns have come by now. */
async function come(turns: Readonly<Record<string, Turn>>): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [name, turn] of Object.entries(turns)) void turn.come.then(() => names.push(name));
  await new Promise((resolve) => setImmediate(resolve));
  return names;
}

function taken(turn: Turn | null): Turn {
  assert.ok(turn !== null);
  return turn;
}

test("as many come in as there is room for, the others in their order", async () => {
  const turns = createTurns({ bytesMax: 10, waitingMax: 3 });
  const a = taken(turns.take(6));
  const b = taken(turns.take(4));
  const c = taken(turns.take(5));
  const d = taken(turns.take(1));
  assert.deepEqual(await come({ a, b, c, d }), ["a", "b"]);
  b.end();
  assert.deepEqual(await come({ c, d }), [], "what is smaller does not overtake");
  a.end();
  assert.deepEqual(await come({ c, d }), ["c", "d"]);
});

test("one that goes away while it waits holds up nobody", async () => {
  const turns = createTurns({ bytesMax: 10, waitingMax: 3 });
  const a = taken(turns.take(6));
  const gone = taken(turns.take(10));
  const b = taken(turns.take(4));
  assert.deepEqual(await come({ a, b }), ["a"]);
  gone.end();
  assert.deepEqual(await come({ b }), ["b"]);
});

test("a turn that is ended twice makes room once", async () => {
  const turns = createTurns({ bytesMax: 10, waitingMax: 3 });
  const a = taken(turns.take(10));
  a.end();
  a.end();
  const b = taken(turns.take(10));
  const c = taken(turns.take(1));
  assert.deepEqual(await come({ b, c }), ["b"]);
});

test("beyond those that may wait, one is turned away", () => {
  const turns = createTurns({ bytesMax: 10, waitingMax: 1 });
  const a = taken(turns.take(10));
  taken(turns.take(1));
  assert.equal(turns.take(1), null);
  a.end();
  assert.notEqual(turns.take(1), null);
});
