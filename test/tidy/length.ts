/** Files and functions that stay short enough to be read in one go, with a ratchet for those that do not yet. */
import type { Node } from "oxc-parser";
import type { Finding, RuleFamily } from "./rule.ts";
import { lineAt, visit } from "./syntax.ts";
import { filesWhere, isTest, isTypeScript, type SourceFile, type Tree } from "./tree.ts";

export const FILE_LINES_MAX = 250;
/** Tests are lists of cases, read one at a time. */
export const TEST_FILE_LINES_MAX = 400;
/** Lines that are in none of the functions within it: what one has to hold in mind at once. */
export const FUNCTION_LINES_MAX = 60;
/** All lines of a function that holds others, which makes it a small module of its own. */
export const CLOSURE_LINES_MAX = 150;
export const RATCHET_PATH = "test/tidy/ratchet.json";

const ADVICE = "Look for the idea that has no name yet, and give it one";

/** What is longer than it should be and was so before: lines by `path`, and by `path#function`. */
export interface Ratchet {
  readonly files: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
  readonly closures: Readonly<Record<string, number>>;
}

type Measure = keyof Ratchet;

const RULES: Readonly<Record<Measure, { readonly rule: string; readonly linesMax: number }>> = {
  files: { rule: "length.file", linesMax: FILE_LINES_MAX },
  functions: { rule: "length.function", linesMax: FUNCTION_LINES_MAX },
  closures: { rule: "length.closure", linesMax: CLOSURE_LINES_MAX },
};

const MEASURES = Object.keys(RULES) as readonly Measure[];

interface Length {
  readonly key: string;
  readonly path: string;
  readonly line: number;
  readonly lines: number;
}

function linesMaxOf(what: Measure, path: string): number {
  return what === "files" && isTest(path) ? TEST_FILE_LINES_MAX : RULES[what].linesMax;
}

export const length: RuleFamily = {
  promises: {
    "length.file": `No file is longer than ${FILE_LINES_MAX} lines, no test longer than ${TEST_FILE_LINES_MAX}.`,
    "length.function": `No function is longer than ${FUNCTION_LINES_MAX} lines, those of functions within it not counted; tables of tests may be.`,
    "length.closure": `No function is longer than ${CLOSURE_LINES_MAX} lines with all that is within it; suites of tests may be.`,
    "length.ratchet": "The exceptions in the ratchet only shrink.",
  },
  check({ tree }) {
    const ratchet = readRatchet(tree);
    const long = measure(tree);
    return MEASURES.flatMap((what) => [
      ...tooLong(what, long[what], ratchet[what]),
      ...slack(long[what], ratchet[what]),
    ]);
  },
};

/** The ratchet with every number lowered to what is so today; nothing is added and nothing raised. */
export function tightened(tree: Tree): string {
  const ratchet = readRatchet(tree);
  const long = measure(tree);
  const kept = Object.fromEntries(MEASURES.map((what) => [what, lowered(long[what], ratchet[what])]));
  return `${JSON.stringify(kept, null, 2)}\n`;
}

function readRatchet(tree: Tree): Ratchet {
  return { files: {}, functions: {}, closures: {}, ...JSON.parse(tree.get(RATCHET_PATH)?.text ?? "{}") };
}

/** Everything above its limit. */
function measure(tree: Tree): Readonly<Record<Measure, readonly Length[]>> {
  const sources = filesWhere(tree, isTypeScript);
  const files = sources.map((file) => {
    const lines = lineAt(file, file.text.trimEnd().length);
    return { key: file.path, path: file.path, line: 1, lines };
  });
  const functions = sources.filter(({ path }) => !isTest(path)).flatMap(functionLengths);
  const closures = functions.map((one) => ({ ...one, lines: one.linesInAll }));
  const above = (what: Measure, lengths: readonly Length[]): readonly Length[] =>
    lengths.filter(({ path, lines }) => lines > linesMaxOf(what, path));
  return {
    files: above("files", files),
    functions: above("functions", functions),
    closures: above("closures", closures),
  };
}

function functionLengths(file: SourceFile): readonly (Length & { readonly linesInAll: number })[] {
  const found: { name: string; start: number; end: number; nested: number }[] = [];
  const open: typeof found = [];
  const names = new WeakMap<object, string>();
  const enter = (node: Node & { id?: { name: string } | null }): void => {
    const name = names.get(node) ?? node.id?.name ?? "(anonymous)";
    const entry = { name, start: lineAt(file, node.start), end: lineAt(file, node.end), nested: 0 };
    found.push(entry);
    open.push(entry);
  };
  const leave = (): void => {
    const inner = open.pop();
    const outer = open.at(-1);
    if (inner && outer) outer.nested += inner.end - inner.start;
  };
  visit(file, {
    VariableDeclarator(node) {
      if (node.init && node.id.type === "Identifier") names.set(node.init, node.id.name);
    },
    Property(node) {
      if (node.key.type === "Identifier") names.set(node.value, node.key.name);
    },
    MethodDefinition(node) {
      if (node.key.type === "Identifier") names.set(node.value, node.key.name);
    },
    FunctionDeclaration: enter,
    FunctionExpression: enter,
    ArrowFunctionExpression: enter,
    "FunctionDeclaration:exit": leave,
    "FunctionExpression:exit": leave,
    "ArrowFunctionExpression:exit": leave,
  });
  return found.map(({ name, start, end, nested }) => {
    const linesInAll = end - start + 1;
    return {
      key: `${file.path}#${name}`,
      path: file.path,
      line: start,
      lines: linesInAll - nested,
      linesInAll,
    };
  });
}

function tooLong(what: Measure, lengths: readonly Length[], allowed: Ratchet[Measure]): readonly Finding[] {
  const { rule } = RULES[what];
  return lengths
    .filter(({ key, path, lines }) => lines > (allowed[key] ?? linesMaxOf(what, path)))
    .map(({ key, path, line, lines }) => {
      const name = key.includes("#") ? `The function ${key.split("#")[1]}` : "The file";
      const extent = what === "closures" ? " with all that is within it" : "";
      return {
        rule,
        path,
        line,
        message: `${name} has ${lines} lines${extent}; the stop is ${linesMaxOf(what, path)}. ${ADVICE}.`,
      };
    });
}

/** Exceptions that are larger than what they excuse, or excuse nothing any more. */
function slack(lengths: readonly Length[], allowed: Ratchet[Measure]): readonly Finding[] {
  const longest = lowered(lengths, allowed);
  return Object.entries(allowed)
    .filter(([key, lines]) => longest[key] !== lines)
    .map(([key, lines]) => ({
      rule: "length.ratchet",
      path: RATCHET_PATH,
      message: `${key} may have ${lines} lines and needs ${longest[key] ?? "no exception"} now. Run \`UPDATE=1 npm run check:tidy\`, which lowers it.`,
    }));
}

function lowered(
  lengths: readonly Length[],
  allowed: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const kept: Record<string, number> = {};
  for (const { key, lines } of lengths) {
    const bound = allowed[key];
    if (bound !== undefined) kept[key] = Math.min(bound, Math.max(lines, kept[key] ?? 0));
  }
  return kept;
}
