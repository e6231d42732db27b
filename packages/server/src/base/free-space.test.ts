import assert from "node:assert/strict";
import { test } from "node:test";
import { isSpaceShort, watchFreeSpace } from "./free-space.ts";

test("space is short below the bound, and enough again only clearly above it", () => {
  const cases: readonly (readonly [string, number, boolean, boolean])[] = [
    ["at the bound", 1_000, false, false],
    ["a byte below it", 999, false, true],
    ["at the bound again", 1_000, true, true],
    ["just below the margin", 1_099, true, true],
    ["at the margin", 1_100, true, false],
  ];
  for (const [why, bytesLeft, wasShort, expected] of cases) {
    assert.equal(isSpaceShort(1_000, { bytesLeft, wasShort }), expected, why);
  }
  assert.equal(isSpaceShort(0, { bytesLeft: 0, wasShort: false }), false, "no bound");
});

interface Stage {
  readonly lines: readonly string[];
  readonly waits: readonly number[];
  isShort(): boolean;
  /** What `looks` answers next; null: nobody can tell. */
  left: number | null;
  /** Lets the time pass until it looks again. */
  pass(): Promise<void>;
  stop(): Promise<void>;
}

async function createStage(left: number | null, bytesMin = 1_000): Promise<Stage> {
  const lines: string[] = [];
  const waits: number[] = [];
  let next: (() => void) | null = null;
  const write = (event: string) => {
    lines.push(event);
  };
  const stage = { left };
  const watch = watchFreeSpace({
    folder: "/data",
    bytesMin,
    bytesLeft: async () => {
      if (stage.left === null) throw new Error("no such file system");
      return stage.left;
    },
    clock: {
      after: (delayMs, run) => {
        waits.push(delayMs);
        next = run;
        return () => {
          next = null;
        };
      },
    },
    log: { debug: write, info: write, warn: write, error: write },
  });
  await watch.start();
  return Object.assign(stage, {
    lines,
    waits,
    isShort: watch.isShort,
    stop: () => watch.stop(),
    async pass() {
      next?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
}

test("a shortage is told once when it begins and once when it ends, and is known from the start", async () => {
  const stage = await createStage(10);
  assert.equal(stage.isShort(), true);
  await stage.pass();
  await stage.pass();
  assert.deepEqual(stage.lines, ["space.short"]);
  stage.left = 5_000;
  await stage.pass();
  await stage.pass();
  assert.equal(stage.isShort(), false);
  assert.deepEqual(stage.lines, ["space.short", "space.enough"]);
  assert.deepEqual(new Set(stage.waits), new Set([1_000]));
});

test("where nobody can tell, nobody is turned away, and that is told once", async () => {
  const stage = await createStage(10);
  stage.left = null;
  await stage.pass();
  await stage.pass();
  assert.equal(stage.isShort(), false);
  assert.deepEqual(stage.lines, ["space.short", "space.unknown"]);
});

test("after it was stopped it looks no more", async () => {
  const stage = await createStage(10);
  await stage.stop();
  const looked = stage.waits.length;
  await stage.pass();
  assert.equal(stage.waits.length, looked);
});

test("without a bound it never looks", async () => {
  const stage = await createStage(0, 0);
  assert.deepEqual([stage.isShort(), stage.waits], [false, []]);
});
