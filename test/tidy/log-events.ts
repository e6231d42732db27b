/** The names of log events, from the calls that write them. */
import type { CallExpression, Expression, Node } from "oxc-parser";
import { lineOf, visit } from "./syntax.ts";
import { filesWhere, isPackageSource, type Tree } from "./tree.ts";

const METHODS = new Set(["debug", "info", "warn", "error"]);

export interface LogCall {
  readonly path: string;
  readonly line: number;
  /** Null: the name is no literal, so that nobody can list it. */
  readonly event: string | null;
}

export function logCallsIn(tree: Tree): readonly LogCall[] {
  const sources = filesWhere(tree, (path) => isPackageSource(path) && path.startsWith("packages/server/"));
  return sources.flatMap((file) => {
    const found: LogCall[] = [];
    visit(file, {
      CallExpression(node) {
        if (!writesLog(node)) return;
        for (const event of literalsOf(node.arguments[0])) {
          found.push({ path: file.path, line: lineOf(file, node), event });
        }
      },
    });
    return found;
  });
}

/** `log.info(…)`, `deps.log.info(…)`, `this.#log.info(…)`. */
function writesLog({ callee }: CallExpression): boolean {
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier")
    return false;
  return METHODS.has(callee.property.name) && nameOf(callee.object) === "log";
}

function nameOf(node: Expression): string | null {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || node.computed) return null;
  return node.property.type === "Identifier" || node.property.type === "PrivateIdentifier"
    ? node.property.name
    : null;
}

function literalsOf(node: Node | undefined): readonly (string | null)[] {
  if (node?.type === "Literal" && typeof node.value === "string") return [node.value];
  if (node?.type === "ConditionalExpression")
    return [...literalsOf(node.consequent), ...literalsOf(node.alternate)];
  return [null];
}
