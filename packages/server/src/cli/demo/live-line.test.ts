import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../base/clock.ts";
import { type Activity, createActivity } from "./activity.ts";
import { type LiveLine, startLiveLine } from "./live-line.ts";

interface Watched {
  readonly activity: Activity;
  readonly live: LiveLine;
  readonly written: string[];
  request(): void;
  /** Lets so much time pass. */
  pass(ms: number): void;
}

function watch(columns: number | null): Watched {
  const written: string[] = [];
  const activity = createActivity();
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const clock: Pick<Clock, "after"> = {
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  };
  const live = startLiveLine(
    activity,
    { write: (text) => written.push(text), columns: () => columns },
    clock,
  );
  return {
    activity,
    live,
    written,
    request: () => activity.observe("request.admitted", { method: "GET", path: "/", status: 200 }),
    pass(ms) {
      nowMs += ms;
      const due = timers.filter((timer) => timer.atMs <= nowMs);
      timers = timers.filter((timer) => timer.atMs > nowMs);
      for (const timer of due) timer.run();
    },
  };
}

const START = "0 requests · 0 events · 0 delivered";
const line = (requests: number): string =>
  `${requests} request${requests === 1 ? "" : "s"} · 0 events · 0 delivered · last: GET / 200`;

test("on a terminal the line is rewritten in place, at most ten times a second", () => {
  const { written, request, pass } = watch(80);
  for (let millisecond = 0; millisecond < 1_000; millisecond++) {
    request();
    pass(1);
  }
  assert.equal(written[0], `\r\u001b[2K${START}`);
  assert.equal(written[1], `\r\u001b[2K${line(1)}`);
  assert.ok(written.length <= 12, `${written.length} paints`);
  pass(100);
  assert.equal(written.at(-1), `\r\u001b[2K${line(1_000)}`);
});

test("elsewhere each change is a plain line, at most one a second", () => {
  const { written, request, pass } = watch(null);
  for (let tenth = 0; tenth < 30; tenth++) {
    request();
    pass(100);
  }
  pass(1_000);
  assert.equal(written.length, 5);
  assert.equal(written.at(-1), `${line(30)}\n`);
  for (const text of written) {
    assert.ok(
      [...text.slice(0, -1)].every((character) => character >= " "),
      "no control codes",
    );
  }
});

test("what does not change is not written again", () => {
  const { written, pass } = watch(null);
  pass(10_000);
  assert.deepEqual(written, [`${START}\n`]);
});

test("other lines get room above it", () => {
  const { written, live } = watch(80);
  live.makeRoom(() => written.push("a warning\n"));
  assert.deepEqual(written.slice(1), ["\r\u001b[2K", "a warning\n", `\r\u001b[2K${START}`]);
});

test("the end shows the last numbers, and nothing after", () => {
  const { written, live, request, pass } = watch(80);
  request();
  request();
  live.stop();
  assert.deepEqual(written.slice(-2), [`\r\u001b[2K${line(2)}`, "\n"]);
  const { length } = written;
  request();
  pass(1_000);
  live.makeRoom(() => written.push("late\n"));
  assert.deepEqual(written.slice(length), ["late\n"]);
});
