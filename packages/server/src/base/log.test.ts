import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, LOG_LEVELS, type LogFields } from "./log.ts";
import { Secret } from "./secret.ts";

function collect(level: (typeof LOG_LEVELS)[number]) {
  const lines: string[] = [];
  const observed: (readonly [string, LogFields])[] = [];
  const log = createLog({
    level,
    destination: { write: (line: string) => void lines.push(line) },
    observer: (event, fields) => void observed.push([event, fields]),
  });
  return { log, lines, observed };
}

test("a line is one JSON object with time, level, event and fields", () => {
  const { log, lines } = collect("info");
  log.info("delivery.attempted", { hookId: "hok_1", attempt: 2 });
  assert.equal(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0] ?? "");
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, { level: "info", msg: "delivery.attempted", hookId: "hok_1", attempt: 2 });
});

const key = new Secret("hunter2-hunter2-hunter2");
const failure = Object.assign(new Error("broken"), { key, request: { headers: [key] } });

for (const [where, fields] of [
  ["as a field", { key }],
  ["in an object", { hook: { secrets: { first: key } } }],
  ["in a list", { keys: [[key]] }],
  ["on an error", { error: failure }],
] as const) {
  test(`a secret ${where} is masked`, () => {
    const { log, lines } = collect("debug");
    log.error("part.stop-failed", fields);
    const line = lines.join("");
    assert.match(line, /•••/);
    assert.doesNotMatch(line, /hunter2/);
  });
}

test("an error field keeps its message and stack", () => {
  const { log, lines } = collect("info");
  log.error("part.stop-failed", { error: new TypeError("no socket") });
  const { error } = JSON.parse(lines[0] ?? "");
  assert.equal(error.type, "TypeError");
  assert.equal(error.message, "no socket");
  assert.match(error.stack, /log\.test\.ts/);
});

for (const [level, written] of [
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
  ["silent", []],
] as const) {
  test(`level ${level} writes ${written.join(", ") || "nothing"}, and the observer sees everything`, () => {
    const { log, lines, observed } = collect(level);
    for (const method of ["debug", "info", "warn", "error"] as const) log[method]("some.event");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).level),
      [...written],
    );
    assert.equal(observed.length, 4);
  });
}

test("every level of the list is one that a log takes", () => {
  for (const level of LOG_LEVELS) assert.doesNotThrow(() => collect(level));
});
