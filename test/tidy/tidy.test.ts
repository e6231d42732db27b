import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkHouse, FAMILIES, realHouse } from "./house.ts";
import { RATCHET_PATH, tightened } from "./length.ts";
import { CODE_VIOLATIONS } from "./planted-code.ts";
import { DOCUMENT_VIOLATIONS } from "./planted-documents.ts";
import { describeFinding, type Finding, type House } from "./rule.ts";
import { plant } from "./tree.ts";

const VIOLATIONS = [...CODE_VIOLATIONS, ...DOCUMENT_VIOLATIONS];

const house = await realHouse();

test("the house keeps its rules", () => {
  assert.deepEqual(checkHouse(house).map(describeFinding), []);
});

describe("a planted violation is found, and the finding says what to do instead", () => {
  for (const { rule, name, planted, path, message } of VIOLATIONS) {
    test(`${rule}: ${name}`, () => {
      const found = findingsOf(rule, planted(house)).filter((finding) => finding.path === path);
      assert.ok(
        found.some((finding) => finding.rule === rule && message.test(finding.message)),
        `nothing at ${path} says ${message}; it says ${JSON.stringify(found)}`,
      );
      const before = findingsOf(rule, house).map(describeFinding);
      assert.ok(found.some((finding) => !before.includes(describeFinding(finding))));
    });
  }

  test("there is at least one for every rule", () => {
    const rules = FAMILIES.flatMap((family) => Object.keys(family.promises));
    const planted = new Set(VIOLATIONS.map(({ rule }) => rule));
    assert.deepEqual(
      rules.filter((rule) => !planted.has(rule)),
      [],
    );
  });
});

const innocents: readonly [string, string, string][] = [
  [
    "a test may import whatever it tests with",
    "packages/server/src/webhooks/x.test.ts",
    'import "../storage/open.ts"; setTimeout(() => {}, Date.now());',
  ],
  [
    "the gateway may name a caller's type",
    "packages/server/src/gateway/x.ts",
    'import type { Caller } from "../accounts/caller.ts"; export type A = Caller;',
  ],
  [
    "a date may be made of a number",
    "packages/server/src/api/x.ts",
    "export const iso = (ms: number): string => new Date(ms).toISOString();",
  ],
  [
    "a socket has a timeout of its own",
    "packages/server/src/gateway/x.ts",
    "socket.setTimeout(5, () => {});",
  ],
  [
    "a type may speak of a timer",
    "packages/server/src/gateway/x.ts",
    "export type Timer = ReturnType<typeof setTimeout>;",
  ],
  [
    "a comment may speak of Math.random() and console.log",
    "packages/server/src/api/x.ts",
    "// Math.random() and console.log are not here.",
  ],
  [
    "hashing is no chance",
    "packages/server/src/api/x.ts",
    'import { createHash } from "node:crypto"; createHash("sha256");',
  ],
  [
    "base wraps the real clock",
    "packages/server/src/base/x.ts",
    "export const now = (): number => Date.now();",
  ],
  ["a command prints", "packages/server/src/cli/x.ts", 'console.log("started");'],
  ["250 lines are allowed", "packages/server/src/webhooks/x.ts", "export {};\n".repeat(250)],
  ["code in a page is no link", "docs/x.md", "# A page\n\n`[a](gone.md)`\n\n```\n[b](gone.md)\n```\n"],
];

describe("what looks like a violation and is none", () => {
  for (const [name, path, text] of innocents) {
    test(name, () => {
      const findings = checkHouse({ ...house, tree: plant(house.tree, path, text) });
      assert.deepEqual(
        findings.filter((finding) => finding.path === path),
        [],
      );
    });
  }
});

describe("the ratchet", () => {
  const long = "packages/server/src/webhooks/long.ts";
  const withLong = (lines: number, allowed: number): House => {
    const tree = plant(house.tree, long, "export {};\n".repeat(lines));
    return { ...house, tree: plant(tree, RATCHET_PATH, JSON.stringify({ files: { [long]: allowed } })) };
  };
  const findingsAbout = (one: House): readonly string[] =>
    findingsOf("length.file", one)
      .filter(({ path, message }) => path === long || message.includes(long))
      .map(({ rule }) => rule);

  test("excuses exactly what it names", () => assert.deepEqual(findingsAbout(withLong(300, 300)), []));
  test("does not let it grow", () => assert.deepEqual(findingsAbout(withLong(301, 300)), ["length.file"]));
  test("has to follow when it shrinks", () =>
    assert.deepEqual(findingsAbout(withLong(299, 300)), ["length.ratchet"]));
  test("is lowered by an update, never raised, and drops what needs no excuse", () => {
    const filesAfter = (lines: number): object => JSON.parse(tightened(withLong(lines, 300).tree)).files;
    assert.deepEqual(filesAfter(280), { [long]: 280 });
    assert.deepEqual(filesAfter(320), { [long]: 300 });
    assert.deepEqual(filesAfter(250), {});
  });
});

/** Only the family that has the rule looks, so that the whole house is not searched for each case. */
function findingsOf(rule: string, one: House): readonly Finding[] {
  const family = FAMILIES.find(({ promises }) => rule in promises);
  return family?.check(one) ?? [];
}
