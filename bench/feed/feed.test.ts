/** That the bench works: both engines, few readers. How little they cost is nobody's business here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runQuick } from "../quick-run.contract.ts";

test("on both engines readers wait and are woken, and everything is read", async (t) => {
  const parts = await runQuick(t, "feed", "--seconds", "1");
  assert.deepEqual(
    parts.map(({ part }) => part),
    ["waiting", "woken"],
  );
  for (const { part, rows } of parts) {
    assert.equal(rows.length, 2, part);
    for (const { values } of rows) {
      assert.ok((values["percent"] ?? -1) >= 0, part);
      if (part === "woken") assert.ok((values["answers_per_s"] ?? 0) > 10, "hardly anything was read");
    }
  }
});
