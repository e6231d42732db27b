import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { exampleYaml, optionsMarkdown } from "./document.ts";
import { formatFlaw } from "./flaw.ts";
import { loadOptions } from "./load.ts";
import type { Option } from "./option.ts";
import { OPTION_PATHS, OPTIONS } from "./options.ts";

const ROOT = new URL("../../../../", import.meta.url);

for (const [name, make] of [
  ["trulinks.example.yaml", exampleYaml],
  ["docs/reference/options.md", optionsMarkdown],
] as const) {
  test(`${name} is what the table of options says (UPDATE=1 rewrites it)`, () => {
    const path = fileURLToPath(new URL(name, ROOT));
    if (process.env["UPDATE"] === "1") {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, make());
    }
    assert.equal(readFileSync(path, "utf8"), make());
  });
}

function load(yaml: string) {
  return loadOptions({
    flags: {},
    env: {},
    cwd: "/home",
    readText: (path) => (path === "/home/trulinks.yaml" ? { kind: "text", text: yaml } : { kind: "absent" }),
  });
}

test("the example as it is changes nothing", () => {
  const [example, none] = [load(exampleYaml()), load("")];
  assert(example.kind === "ok" && none.kind === "ok");
  assert.deepEqual(example.options, none.options);
});

test("the example with every # removed says the defaults, each option of the table in it", () => {
  const yaml = exampleYaml().replaceAll(/^#(?! \S)/gm, "");
  const [example, none] = [load(yaml), load("")];
  assert(example.kind === "ok", example.kind === "flawed" ? example.flaws.map(formatFlaw).join("\n") : "");
  assert(none.kind === "ok");
  assert.deepEqual(example.options, none.options);
  for (const path of OPTION_PATHS) assert.equal(example.sources[path].kind, "file", path);
});

test("each option's example is a good value", () => {
  for (const path of OPTION_PATHS) {
    const { example, kind }: Option<unknown> = OPTIONS[path];
    if (example === null) continue;
    const given = kind.fromText(example.replace(/^\[(.*)\]$/, "$1"));
    assert.notEqual(kind.parse(given, "/"), undefined, path);
  }
});

test("no two options share a variable or a flag, and only secrets have no flag", () => {
  const variables = OPTION_PATHS.map((path) => OPTIONS[path].variable);
  const flags = OPTION_PATHS.flatMap((path) => {
    const { flag, kind }: Option<unknown> = OPTIONS[path];
    assert.equal(flag.kind === "none", kind.isSecret, path);
    return flag.kind === "flag" ? [flag.name] : [];
  });
  assert.equal(new Set(variables).size, variables.length);
  assert.equal(new Set(flags).size, flags.length);
});

test("the reference names every option with its variable and flag", () => {
  const markdown = optionsMarkdown();
  for (const path of OPTION_PATHS) {
    const { variable, flag } = OPTIONS[path];
    const line = markdown.split("\n").find((one) => one.startsWith(`| \`${path}\` |`));
    assert(line, path);
    assert(line.includes(`\`${variable}\``), path);
    if (flag.kind === "flag") assert(line.includes(`\`${flag.name}`), path);
  }
});
