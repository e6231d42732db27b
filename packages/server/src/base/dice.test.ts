import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDice } from "./dice.ts";
import { seededDice } from "./seeded-dice.ts";

for (const [name, dice] of [
  ["the system's dice", systemDice],
  ["seeded dice", seededDice(1)],
] as const) {
  test(`${name} roll at least 0 and below 1, in every tenth of it`, () => {
    const tenths = new Set<number>();
    for (let roll = 0; roll < 2_000; roll++) {
      const value = dice.roll();
      assert(value >= 0 && value < 1);
      tenths.add(Math.floor(value * 10));
    }
    assert.equal(tenths.size, 10);
  });

  test(`${name} give as many bytes as asked for, whatever the block they come from`, () => {
    for (const count of [0, 1, 16, 4_095, 4_096, 4_097, 10_000]) {
      assert.equal(dice.bytes(count).length, count);
    }
  });

  test(`${name} never give the same 16 bytes twice`, () => {
    const seen = new Set<string>();
    for (let draw = 0; draw < 2_000; draw++) seen.add(Buffer.from(dice.bytes(16)).toString("hex"));
    assert.equal(seen.size, 2_000);
  });
}

test("bytes given out stay as they are when more are drawn", () => {
  const first = systemDice.bytes(16);
  const copy = Uint8Array.from(first);
  for (let draw = 0; draw < 600; draw++) systemDice.bytes(16);
  assert.deepEqual(first, copy);
});

test("the same seed gives the same chance, another seed another", () => {
  const draw = (seed: number) => {
    const dice = seededDice(seed);
    return [dice.roll(), dice.roll(), ...dice.bytes(8)];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});
