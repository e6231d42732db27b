import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../base/unavailable.ts";
import { type Gathering, gather } from "./gather.ts";

interface Storing {
  readonly batches: number[][];
  readonly call: (n: number) => Promise<number>;
  /** Lets the oldest batch that is under way end. */
  finish(error?: Error): Promise<void>;
}

/** A store whose batches end when the test says so. Each call is a number, its size as well as its content. */
function storing(over: Partial<Gathering<number, number>> = {}): Storing {
  const batches: number[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  const run = (calls: readonly number[]): Promise<readonly number[]> => {
    batches.push([...calls]);
    return new Promise((resolve, reject) => {
      ends.push((error) => (error ? reject(error) : resolve(calls.map((n) => n * 10))));
    });
  };
  const call = gather({ run, sizeOf: (n) => n, sizeMax: 10, batchesMax: 1, waitingMax: 100, ...over });
  const finish = async (error?: Error): Promise<void> => {
    ends.shift()?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { batches, call, finish };
}

test("the first call does not wait, and those that come meanwhile go together", async () => {
  const { batches, call, finish } = storing();
  const answers = Promise.all([call(1), call(2), call(3)]);
  assert.deepEqual(batches, [[1]]);
  await finish();
  assert.deepEqual(batches, [[1], [2, 3]]);
  await finish();
  assert.deepEqual(await answers, [10, 20, 30]);
});

test("a batch that is full takes no further call", async () => {
  const { batches, call, finish } = storing();
  const answers = Promise.all([1, 9, 2, 3].map(call));
  await finish();
  await finish();
  await finish();
  assert.deepEqual(batches, [[1], [9, 2], [3]]);
  assert.deepEqual(await answers, [10, 90, 20, 30]);
});

test("a call that is larger than a batch goes alone", async () => {
  const { batches, call, finish } = storing();
  const answers = Promise.all([1, 500, 2].map(call));
  await finish();
  await finish();
  await finish();
  assert.deepEqual(batches, [[1], [500], [2]]);
  assert.deepEqual(await answers, [10, 5_000, 20]);
});

test("no more batches are under way than may be", async () => {
  const { batches, call, finish } = storing({ batchesMax: 2 });
  const answers = Promise.all([1, 2, 3].map(call));
  assert.deepEqual(batches, [[1], [2]]);
  await finish();
  assert.deepEqual(batches, [[1], [2], [3]]);
  await finish();
  await finish();
  assert.deepEqual(await answers, [10, 20, 30]);
});

test("calls with the same key never share a batch", async () => {
  const { batches, call, finish } = storing({ keyOf: (n) => (n % 2 === 0 ? "even" : `${n}`) });
  const answers = Promise.all([1, 2, 4, 5].map(call));
  await finish();
  assert.deepEqual(batches, [[1], [2, 5]]);
  await finish();
  await finish();
  assert.deepEqual(batches, [[1], [2, 5], [4]]);
  assert.deepEqual(await answers, [10, 20, 40, 50]);
});

test("a call that cannot be stored does not hurt its neighbours", async () => {
  const { batches, call, finish } = storing();
  const answers = Promise.allSettled([1, 2, 3].map(call));
  await finish();
  await finish(new Error("2 is bad"));
  assert.deepEqual(batches, [[1], [2, 3], [2]]);
  await finish(new Error("2 is bad"));
  await finish();
  assert.deepEqual(batches, [[1], [2, 3], [2], [3]]);
  assert.deepEqual(
    (await answers).map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason.message)),
    [10, "2 is bad", 30],
  );
});

test("a database that is away is not asked again for each call", async () => {
  const { batches, call, finish } = storing();
  const answers = Promise.allSettled([1, 2, 3].map(call));
  await finish();
  await finish(new Unavailable("away", 1));
  assert.deepEqual(batches, [[1], [2, 3]]);
  assert.deepEqual(
    (await answers).map((answer) => answer.status),
    ["fulfilled", "rejected", "rejected"],
  );
});

test("one call more than may wait is refused", async () => {
  const { call, finish } = storing({ waitingMax: 2 });
  const answers = Promise.all([1, 2, 3].map(call));
  await assert.rejects(call(4), Unavailable);
  await finish();
  await finish();
  assert.deepEqual(await answers, [10, 20, 30]);
});
