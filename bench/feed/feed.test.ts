/** That the bench works: both engines, few readers. How little they cost is nobody's business here. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("../run.ts", import.meta.url));

interface Part {
  readonly part: string;
  readonly rows: readonly { readonly values: Readonly<Record<string, number | null>> }[];
  readonly faults: readonly string[];
}

test("on both engines readers wait and are woken, and everything is read", async () => {
  const args = ["--conditions", "trulinks-source", RUN, "feed", "--quick", "--seconds", "1", "--json"];
  // A service that is missing is an error here, as it is for every test.
  const child = spawn(process.execPath, args, { env: { ...process.env, CI: "true" } });
  const ended = once(child, "close");
  const [out, progress] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  assert.equal(code, 0, `${out}\n${progress}`);
  const { parts } = JSON.parse(out) as { readonly parts: readonly Part[] };
  assert.deepEqual(
    parts.map(({ part }) => part),
    ["waiting", "woken"],
  );
  for (const { part, rows, faults } of parts) {
    assert.deepEqual(faults, [], part);
    assert.equal(rows.length, 2, part);
    for (const { values } of rows) {
      assert.ok((values["percent"] ?? -1) >= 0, part);
      if (part === "woken") assert.ok((values["answers_per_s"] ?? 0) > 10, "hardly anything was read");
    }
  }
});
