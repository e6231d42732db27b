/** STYLE as far as a program can see it. */
import { posix } from "node:path";
import type { Finding, RuleFamily } from "./rule.ts";
import { lineAt, lineOf, visit } from "./syntax.ts";
import { filesWhere, isTest, isTypeScript, type SourceFile, type Tree } from "./tree.ts";

const NAMES_BANNED = ["utils", "util", "helpers", "helper", "common", "manager", "types", "misc"];
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|config))?\.ts$/;
const DOORS = /^packages\/[^/]+\/src\/index\.ts$/;
const TALKATIVE = /^(packages\/server\/src\/cli|packages\/[^/]+\/bin|examples|test|bench|scripts)\//;
// Tests look into answers of many shapes; the linter asks them for a reason beside each `any`.
const TESTING = /^test\/|\/testing\/|\.(test|contract)\.ts$/;
// Put together here, so that this file keeps its own rule.
const UNFINISHED = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`);
const PROSE_AND_CODE = /\.(ts|js|md|ya?ml|html|css|sql)$/;

export const style: RuleFamily = {
  promises: {
    "style.any": "No `any` but in tests that say why.",
    "style.enum": "No enum.",
    "style.default-export": "No default export but in configuration files.",
    "style.console": "Nobody prints but commands, examples, tests and benches.",
    "style.file-name": "Files are named in kebab-case after the idea that they hold.",
    "style.door": "`index.ts` stands only at a package's door.",
    "style.unfinished": "What is unfinished is an issue, not a mark in a file.",
  },
  check: ({ tree }) => [
    ...filesWhere(tree, isTypeScript).flatMap((file) => [...codeFindings(file), ...nameFindings(file.path)]),
    ...unfinishedFindings(tree),
  ],
};

function codeFindings(file: SourceFile): readonly Finding[] {
  const found: Finding[] = [];
  const add = (node: { start: number; end: number }, rule: string, message: string): void => {
    found.push({ rule, path: file.path, line: lineOf(file, node), message });
  };
  visit(file, {
    TSAnyKeyword(node) {
      if (TESTING.test(file.path)) return;
      add(node, "style.any", "`any` switches the types off. Use `unknown` at the border and parse it once.");
    },
    TSEnumDeclaration(node) {
      add(node, "style.enum", 'Enums are no erasable syntax. Use a union of strings: `"paused" | "active"`.');
    },
    ExportDefaultDeclaration(node) {
      if (file.path.endsWith(".config.ts")) return;
      add(node, "style.default-export", "Export it by its name, so that it has the same one everywhere.");
    },
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.object.name !== "console") return;
      if (TALKATIVE.test(file.path) || isTest(file.path)) return;
      add(node, "style.console", "Take `log: Log` (base/log.ts) in `deps` and give the event a name.");
    },
  });
  return found;
}

function nameFindings(path: string): readonly Finding[] {
  const name = posix.basename(path);
  const words = name.replace(/(\.(test|contract|config))?\.ts$/, "");
  if (words === "index" && !DOORS.test(path)) {
    const message = "A barrel hides where things live. Import the file that holds the idea; delete this one.";
    return [{ rule: "style.door", path, message }];
  }
  if (NAMES_BANNED.some((banned) => words === banned || words.endsWith(`-${banned}`))) {
    const message = `"${words}" says nothing. Name the file after the question it answers, or put each part where it is used.`;
    return [{ rule: "style.file-name", path, message }];
  }
  if (KEBAB_CASE.test(name)) return [];
  return [
    {
      rule: "style.file-name",
      path,
      message: "Name it in kebab-case after its main export: `retry-policy.ts`.",
    },
  ];
}

function unfinishedFindings(tree: Tree): readonly Finding[] {
  return filesWhere(tree, (path) => PROSE_AND_CODE.test(path)).flatMap((file) => {
    const mark = UNFINISHED.exec(file.text);
    if (mark === null) return [];
    const message = `${mark[0]}: finish it now, or file an issue and take the mark out.`;
    return [{ rule: "style.unfinished", path: file.path, line: lineAt(file, mark.index), message }];
  });
}
