import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import { telling } from "./telling.ts";

test("every listener hears every fact, and one that throws hurts nobody", () => {
  const lines: string[] = [];
  const log = createLog({
    level: "silent",
    observer: (event, fields) => lines.push(`${event} ${fields["fact"]} ${fields["error"]}`),
  });
  const heard: string[] = [];
  const tell = telling<{ readonly kind: string }>(
    [
      ({ kind }) => heard.push(`first ${kind}`),
      ({ kind }) => {
        if (kind === "b") throw new Error("no room");
      },
      ({ kind }) => heard.push(`last ${kind}`),
    ],
    log,
  );
  for (const kind of ["a", "b", "c"]) tell({ kind });
  assert.deepEqual(heard, ["first a", "last a", "first b", "last b", "first c", "last c"]);
  assert.deepEqual(lines, ["fact.listener-failed b Error: no room"]);
});

test("without listeners a fact goes nowhere", () => {
  assert.doesNotThrow(() => telling([], createLog({ level: "silent" }))({ kind: "a" }));
});
