/** Time, chance and the environment arrive as arguments, so that tests and simulations can bring their own. */
import type { Node } from "oxc-parser";
import { importsOf } from "./imports.ts";
import type { Finding, RuleFamily } from "./rule.ts";
import { lineOf, visit } from "./syntax.ts";
import { filesWhere, isPackageSource, type SourceFile } from "./tree.ts";

// Here, and only here, the real ones are wrapped.
const EXEMPT = /^packages\/(server\/src\/(base|config)\/|limits\/src\/host-clock\.ts$)/;

const PROMISES = {
  "ambient.clock": "Nobody reads the wall clock but base/ and config/.",
  "ambient.timer": "Nobody waits by the host's timers but base/ and config/.",
  "ambient.chance": "Nobody draws chance but base/ and config/.",
  "ambient.environment": "Nobody reads the environment but base/ and config/.",
} as const;

type AmbientRule = keyof typeof PROMISES;

const REMEDIES: Readonly<Record<AmbientRule, string>> = {
  "ambient.clock": "Take `clock: Clock` (base/clock.ts) in `deps`, or the time as an argument `nowMs`.",
  "ambient.timer": "Use `clock.sleep(…)` or `clock.after(…)` of the `Clock` in `deps` (base/clock.ts).",
  "ambient.chance":
    "Take `dice: Dice` (base/dice.ts) in `deps`; ids are made by `makeId(kind, nowMs, dice.bytes(…))`.",
  "ambient.environment": "Add an option to config/options.ts and take its value in `deps`.",
};

/** `object.member`, whatever is done with it. */
const MEMBERS: Readonly<Record<string, AmbientRule>> = {
  "Date.now": "ambient.clock",
  "performance.now": "ambient.clock",
  "performance.timeOrigin": "ambient.clock",
  "process.hrtime": "ambient.clock",
  "process.uptime": "ambient.clock",
  "AbortSignal.timeout": "ambient.timer",
  "Math.random": "ambient.chance",
  "process.env": "ambient.environment",
};

/** Members of `crypto` under whatever name it was imported, and names imported from `node:crypto`. */
const CHANCE_NAMES = new Set([
  "randomBytes",
  "randomFill",
  "randomFillSync",
  "randomInt",
  "randomUUID",
  "randomUUIDv7",
  "getRandomValues",
]);

const TIMER_NAMES = new Set(["setTimeout", "setInterval", "setImmediate"]);
const TIMER_MODULES = new Set(["node:timers", "node:timers/promises"]);

export const clockChanceEnvironment: RuleFamily = {
  promises: PROMISES,
  check: ({ tree }) =>
    filesWhere(tree, (path) => isPackageSource(path) && !EXEMPT.test(path)).flatMap((file) => [
      ...importFindings(file),
      ...useFindings(file),
    ]),
};

function importFindings(file: SourceFile): readonly Finding[] {
  return importsOf(file).flatMap(({ specifier, names, line }) => {
    if (TIMER_MODULES.has(specifier)) return [finding(file, line, "ambient.timer", specifier)];
    if (specifier === "node:process" && names.includes("env")) {
      return [finding(file, line, "ambient.environment", "env of node:process")];
    }
    if (specifier !== "node:crypto") return [];
    return names
      .filter((name) => CHANCE_NAMES.has(name))
      .map((name) => finding(file, line, "ambient.chance", `${name} of node:crypto`));
  });
}

function useFindings(file: SourceFile): readonly Finding[] {
  const found: Finding[] = [];
  const add = (node: Node, rule: AmbientRule, what: string): void => {
    found.push(finding(file, lineOf(file, node), rule, what));
  };
  // Names that only look like the global: `socket.setTimeout`, `{ setTimeout: … }`, `typeof setTimeout` as a type.
  const otherNames = new WeakSet<object>();
  visit(file, {
    MemberExpression(node) {
      if (node.computed || node.property.type !== "Identifier") return;
      otherNames.add(node.property);
      const object = node.object.type === "Identifier" ? node.object.name : "";
      const name = node.property.name;
      const rule = MEMBERS[`${object}.${name}`];
      if (rule) add(node, rule, `${object}.${name}`);
      else if (/crypto$/i.test(object) && CHANCE_NAMES.has(name))
        add(node, "ambient.chance", `${object}.${name}`);
      else if (object === "globalThis" && TIMER_NAMES.has(name))
        add(node, "ambient.timer", `globalThis.${name}`);
    },
    Property(node) {
      if (!node.computed && !node.shorthand) otherNames.add(node.key);
    },
    TSPropertySignature(node) {
      otherNames.add(node.key);
    },
    TSMethodSignature(node) {
      otherNames.add(node.key);
    },
    MethodDefinition(node) {
      otherNames.add(node.key);
    },
    TSTypeQuery(node) {
      otherNames.add(node.exprName);
    },
    Identifier(node) {
      if (TIMER_NAMES.has(node.name) && !otherNames.has(node)) add(node, "ambient.timer", node.name);
    },
    NewExpression(node) {
      if (isDate(node.callee) && node.arguments.length === 0) add(node, "ambient.clock", "new Date()");
    },
    CallExpression(node) {
      if (isDate(node.callee)) add(node, "ambient.clock", "Date()");
    },
  });
  return found;
}

function isDate(node: Node): boolean {
  return node.type === "Identifier" && node.name === "Date";
}

function finding(file: SourceFile, line: number, rule: AmbientRule, what: string): Finding {
  return { rule, path: file.path, line, message: `${what} makes this hard to test. ${REMEDIES[rule]}` };
}
