/**
 * Simulated operation must keep every promise of delivery. A failure names its seed;
 * `SEED=<seed> node --conditions trulinks-source --test test/simulation/delivery.test.ts` replays it.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { type Run, simulate } from "./simulation.ts";

const FIXED = 200;
const AT_A_TIME = 20;
const NEW = 10;
const given = process.env["SEED"];

async function run(seeds: readonly number[]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const seed of seeds) runs.push(await simulate(seed));
  const broken = runs.filter(({ violations }) => violations.length > 0);
  assert.deepEqual(
    broken.map(({ seed, violations }) => [`SEED=${seed}`, ...violations.slice(0, 10)]),
    [],
  );
  return runs;
}

if (given !== undefined) {
  test(`every promise is kept, seed ${given}`, async (context) => {
    const [one] = await run([Number(given)]);
    context.diagnostic(JSON.stringify(one));
  });
} else {
  for (let first = 1; first <= FIXED; first += AT_A_TIME) {
    const seeds = Array.from({ length: AT_A_TIME }, (_, index) => first + index);
    test(`every promise is kept, seeds ${first} to ${seeds.at(-1)}`, async () => {
      assertAllHappened(await run(seeds));
    });
  }

  test(`every promise is kept, ${NEW} new seeds`, async () => {
    await run(Array.from({ length: NEW }, () => randomInt(1, 2 ** 32)));
  });

  test("the same seed gives the same run", async () => {
    for (const seed of [1, 2]) assert.deepEqual(await simulate(seed), await simulate(seed));
  });
}

/** A promise that is never put to the test is kept by everybody. */
function assertAllHappened(runs: readonly Run[]): void {
  const states = new Set(runs.flatMap((one) => Object.keys(one.states)));
  assert.deepEqual([...states].sort(), ["delivered", "expired", "failed", "rejected", "replaced", "revoked"]);
  const forms = new Set(runs.map(({ form }) => form));
  assert.equal(forms.size, 2);
  for (const what of ["events", "posts", "deaths"] as const) {
    assert.ok(runs.reduce((sum, one) => sum + one[what], 0) > runs.length, what);
  }
}
