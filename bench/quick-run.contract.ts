/** A bench's quick run, as its test sees it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

export interface QuickPart {
  readonly part: string;
  readonly rows: readonly {
    readonly name: string;
    readonly values: Readonly<Record<string, number | null>>;
  }[];
  readonly bars: readonly { readonly what: string }[];
  readonly faults: readonly string[];
}

const RUN = fileURLToPath(new URL("./run.ts", import.meta.url));

/** Runs `npm run bench -- NAME --quick …`; what is wrong then is no fault of a part. Ends with the test, whichever way. */
export async function runQuick(
  { signal }: Pick<TestContext, "signal">,
  name: string,
  ...options: readonly string[]
): Promise<readonly QuickPart[]> {
  const args = ["--conditions", "trulinks-source", RUN, name, "--quick", "--json", ...options];
  // A service that is missing is an error here, as it is for every test.
  const child = spawn(process.execPath, args, { env: { ...process.env, CI: "true" }, signal });
  const ended = once(child, "close");
  const [out, progress] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  assert.equal(code, 0, `${out}\n${progress}`);
  const { parts } = JSON.parse(out) as { readonly parts: readonly QuickPart[] };
  for (const { part, faults } of parts) assert.deepEqual(faults, [], part);
  return parts;
}
