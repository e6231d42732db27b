/** That the bench works: every part, over small numbers of everything. How fast is nobody's business here. */
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
    readonly kind: string;
    readonly values: Readonly<Record<string, number | null>>;
  }[];
  readonly bars: readonly { readonly what: string }[];
  readonly faults: readonly string[];
}

test("every decider decides, and every caller is remembered and forgotten", async () => {
  const args = ["--conditions", "trulinks-source", RUN, "limits", "--quick", "--json"];
  const child = spawn(process.execPath, args);
  const ended = once(child, "close");
  const [out, progress] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  assert.equal(code, 0, `${out}\n${progress}`);
  const { parts } = JSON.parse(out) as { readonly parts: readonly Part[] };
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
