/** The short form of the bench: every trouble on every engine, and nothing that was acknowledged is lost. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("../run.ts", import.meta.url));

interface Part {
  readonly part: string;
  readonly rows: readonly {
    readonly name: string;
    readonly values: Readonly<Record<string, number | null>>;
  }[];
  readonly faults: readonly string[];
}

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

test("whatever breaks, every acknowledged event arrives", async () => {
  const args = ["--conditions", "trulinks-source", RUN, "survive", "--quick", "--json"];
  // A service that is missing is an error here, as it is for every test.
  const child = spawn(process.execPath, args, { env: { ...process.env, CI: "true" } });
  const ended = once(child, "close");
  const [out, progress] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  assert.equal(code, 0, `${out}\n${progress}`);
  const { parts } = JSON.parse(out) as { readonly parts: readonly Part[] };
  assert.deepEqual(
    parts.map(({ part }) => part),
    Object.keys(SIGNS),
  );
  for (const { part, rows, faults } of parts) {
    assert.deepEqual(faults, [], part);
    const sign = SIGNS[part];
    assert.equal(rows.length, sign?.rows, part);
    for (const { name, values } of rows) {
      assert.ok((values["accepted"] ?? 0) > 50, `${part}, ${name}: hardly anything was accepted`);
      assert.equal(values["received"], values["accepted"], `${part}, ${name}`);
      assert.ok((values[sign?.column ?? ""] ?? 0) > 0, `${part}, ${name}: nothing went wrong`);
    }
  }
});
