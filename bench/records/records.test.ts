/** That the bench works: both engines, over small numbers. How fast is nobody's business here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runQuick } from "../quick-run.contract.ts";

test("both engines are filled, searched and swept, few and many", async (t) => {
  const parts = await runQuick(t, "records", "--rows", "4000");
  assert.deepEqual(
    parts.map(({ part }) => part),
    ["sqlite", "postgres"],
  );
  for (const { rows, bars } of parts) {
    assert.equal(bars.length, 2);
    assert.ok(rows.length > 25);
    for (const { name, values } of rows) {
      for (const [column, ms] of Object.entries(values)) assert.ok((ms ?? -1) >= 0, `${name} ${column}`);
    }
  }
});
