import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { startPlatform } from "../platform.ts";
import { findFreePort } from "../services/server-process.ts";

/**
 * What a guide's shell blocks are run with. A command that is followed by `# → text` has to show that text, sooner or
 * later: what it asks for may still be under way.
 */
const PRELUDE = `set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
shows() {
  for _ in $(seq 150); do
    got=$(eval "$2")
    if [ "$got" = "$1" ]; then return; fi
    sleep 0.1
  done
  printf '%s\\nshows: %s\\nas the guide says: %s\\n' "$2" "$got" "$1" >&2
  exit 1
}
`;

interface Guide {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly script: string;
  /** How many results the text promises, and how many of them the script looks at. */
  readonly promised: number;
  readonly shown: number;
}

function readGuide(path: string, replaced: Readonly<Record<string, string>>): Guide {
  let text = readFileSync(new URL(path, import.meta.url), "utf8");
  for (const [from, to] of Object.entries(replaced)) {
    assert.ok(text.includes(from), `${path} no longer says ${from}`);
    text = text.replaceAll(from, to);
  }
  const blocks = [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)];
  const files = blocks.flatMap(([, , name, body = ""]) => (name === undefined ? [] : [{ name, text: body }]));
  const shell = blocks.filter(([, language]) => language === "sh").map(([, , , body = ""]) => body);
  let shown = 0;
  const script = shell.join("\n").replaceAll(SHOWN, (_, command: string, expected: string) => {
    shown++;
    return `shows ${quote(expected)} ${quote(command)}`;
  });
  const promised = text.split("# → ").length - 1;
  return { files, script: PRELUDE + script, promised, shown };
}

// A command may go over several lines, where it holds a quoted text.
const SHOWN = /^((?:[^\n']|'[^']*')+?) +# → (.+)$/gm;

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const BIN = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

const GUIDES: readonly (readonly [name: string, policy: string])[] = [
  ["hooks", "webhooks: { challenge: true }\n"],
  ["event-types", "{}\n"],
  ["receive", "{}\n"],
  ["replay", "{}\n"],
  ["feed", "{}\n"],
];

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const INCLUDED = /^(```\w+ (examples\/\S+)\n)[\s\S]*?^```$/gm;

for (const [name] of GUIDES) {
  test(`the guide to ${name} shows the examples as they are; UPDATE=1 puts them in`, () => {
    const path = join(ROOT, "docs/guide", `${name}.md`);
    const text = readFileSync(path, "utf8");
    const whole = text.replaceAll(INCLUDED, (_, fence: string, file: string) => {
      return `${fence}${readFileSync(join(ROOT, file), "utf8")}\`\`\``;
    });
    if (process.env["UPDATE"] === "1") writeFileSync(path, whole);
    else assert.equal(text, whole);
  });
}

for (const [name, policy] of GUIDES) {
  test(`the commands of the guide to ${name} do what it says`, async (t) => {
    const work = mkdtempSync(join(tmpdir(), "trulinks-guide-"));
    writeFileSync(join(work, "policy.yaml"), policy);
    const platform = await startPlatform({ env: { TRULINKS_POLICY: join(work, "policy.yaml") } });
    t.after(async () => {
      await platform.dispose();
      rmSync(work, { recursive: true });
    });
    const provider = new URL(platform.providerUrl).host;
    const guide = readGuide(`../../docs/guide/${name}.md`, {
      "localhost:8080": new URL(platform.publicUrl).host,
      "localhost:8081": provider,
      "9000": String(await findFreePort()),
    });
    assert.ok(
      guide.shown > 0 && guide.shown === guide.promised,
      `${guide.shown} of ${guide.promised} are looked at`,
    );
    mkdirSync(join(work, ".trulinks"));
    writeFileSync(join(work, ".trulinks", "operator.key"), platform.operatorKey, { mode: 0o600 });
    for (const { name, text } of guide.files) {
      mkdirSync(dirname(join(work, name)), { recursive: true });
      writeFileSync(join(work, name), text);
    }

    // `npx` would look for what is not installed here.
    const script = guide.script.replaceAll("npx trulinks", "trulinks");
    const PATH = [dirname(process.execPath), BIN, process.env["PATH"]].join(delimiter);
    const env = { ...process.env, PATH, TRULINKS_PROVIDER: provider };
    const shell = spawn("bash", ["-c", script], { cwd: work, env });
    let output = "";
    shell.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    shell.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = await once(shell, "close");
    assert.equal(code, 0, output);
  });
}
