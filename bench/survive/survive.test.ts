/** The short form of the bench: every trouble on every engine, and nothing that was acknowledged is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runQuick } from "../quick-run.contract.ts";

/** What must have happened for the trouble to have been one, by part. */
const SIGNS: Readonly<Record<string, { readonly column: string; readonly rows: number }>> = {
  kill: { column: "failed_tries", rows: 2 },
  database: { column: "failed_tries", rows: 1 },
  "black-hole": { column: "untaken", rows: 2 },
  drip: { column: "untaken", rows: 2 },
  busy: { column: "untaken", rows: 2 },
  "away-retries": { column: "late", rows: 2 },
  "away-replay": { column: "late", rows: 2 },
  "away-feed": { column: "late", rows: 2 },
};

test("whatever breaks, every acknowledged event arrives", async (t) => {
  const parts = await runQuick(t, "survive");
  assert.deepEqual(
    parts.map(({ part }) => part),
    Object.keys(SIGNS),
  );
  for (const { part, rows } of parts) {
    const sign = SIGNS[part];
    assert.equal(rows.length, sign?.rows, part);
    for (const { name, values } of rows) {
      assert.ok((values["accepted"] ?? 0) > 50, `${part}, ${name}: hardly anything was accepted`);
      assert.equal(values["received"], values["accepted"], `${part}, ${name}`);
      assert.ok((values[sign?.column ?? ""] ?? 0) > 0, `${part}, ${name}: nothing went wrong`);
    }
  }
});
