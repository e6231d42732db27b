/** That the bench works: every part, over small numbers of everything. How fast is nobody's business here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runQuick } from "../quick-run.contract.ts";

test("every decider decides, and every caller is remembered and forgotten", async (t) => {
  const parts = await runQuick(t, "limits");
  assert.deepEqual(
    parts.map(({ part, rows, bars, faults }) => [part, rows.length, bars.length, faults]),
    [
      ["decision", 7, 3, []],
      ["memory", 2, 1, []],
    ],
  );
  for (const { rows } of parts) {
    for (const { name, values } of rows) {
      assert.ok((values["ns_p50"] ?? values["bytes_each"] ?? 0) > 0, `${name}: nothing was measured`);
    }
  }
  const [limits] = parts[1]?.rows ?? [];
  assert.equal(limits?.values["callers"], 20_000);
});
