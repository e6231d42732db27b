/** That the bench works: both engines, over small numbers. How fast is nobody's business here. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("../run.ts", import.meta.url));

test("both engines are filled, searched and swept, few and many", async () => {
  const args = ["--conditions", "trulinks-source", RUN, "records", "--quick", "--rows", "4000", "--json"];
  // A service that is missing is an error here, as it is for every test.
  const child = spawn(process.execPath, args, { env: { ...process.env, CI: "true" } });
  const ended = once(child, "close");
  const [out, progress] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  assert.equal(code, 0, `${out}\n${progress}`);
  const { parts } = JSON.parse(out) as { readonly parts: readonly Part[] };
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

interface Part {
  readonly part: string;
  readonly rows: readonly {
    readonly name: string;
    readonly values: Readonly<Record<string, number | null>>;
  }[];
  readonly bars: readonly unknown[];
}
