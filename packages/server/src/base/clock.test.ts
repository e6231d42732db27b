import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "./clock.ts";

test("now is a whole number of milliseconds since 1970", () => {
  assert(Number.isInteger(systemClock.now()));
  assert(Math.abs(systemClock.now() - Date.now()) < 60_000);
});

test("monotonic time never goes back", () => {
  let before = systemClock.monotonic();
  for (let reading = 0; reading < 1_000; reading++) {
    const after = systemClock.monotonic();
    assert(after >= before);
    before = after;
  }
});

test("sleep lasts no less than asked for", async () => {
  const startMs = systemClock.monotonic();
  await systemClock.sleep(20);
  // Timers count whole milliseconds and may be one early by the finer clock.
  assert(systemClock.monotonic() - startMs >= 19);
});

test("an aborted sleep ends at once and rejects", async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(3_600_000, controller.signal);
  controller.abort();
  await assert.rejects(sleeping, { name: "AbortError" });
});

test("what is due later runs once", async () => {
  let runs = 0;
  await new Promise<void>((resolve) => {
    systemClock.after(1, () => {
      runs++;
      resolve();
    });
    // `after` keeps no process alive, so something else has to.
    setTimeout(() => {}, 50);
  });
  await systemClock.sleep(10);
  assert.equal(runs, 1);
});

test("what was cancelled does not run", async () => {
  let runs = 0;
  const cancel = systemClock.after(1, () => runs++);
  cancel();
  await systemClock.sleep(20);
  assert.equal(runs, 0);
});
