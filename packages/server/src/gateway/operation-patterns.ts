/** Operations that are marked by method and path alone, where there is no document. Everything else passes unmarked. */
import type { Routed } from "./openapi-document.ts";
import type { Operation } from "./operation.ts";
import { createRouter, type FindOperation, type Found } from "./operation-router.ts";
import { parseTemplate } from "./path-template.ts";

export interface MarkedPattern {
  /** `*`: every method. */
  readonly method: string;
  /** `/**` at its end stands for everything below. */
  readonly path: string;
  readonly marks: {
    readonly content: boolean;
    readonly cost: number | null;
    readonly resource: string | null;
    readonly idempotency: Operation["idempotency"];
    readonly scopes: readonly string[];
  };
}

export type PatternsRead =
  | { readonly kind: "operations"; readonly find: FindOperation }
  /** `index`: of the pattern that is flawed. */
  | { readonly kind: "flawed"; readonly index: number; readonly message: string };

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const UNLISTED: Found = { kind: "unlisted" };

export function readPatterns(patterns: readonly MarkedPattern[]): PatternsRead {
  const routed = new Map<string, Routed>();
  for (const [index, pattern] of patterns.entries()) {
    const isBelow = pattern.path.endsWith("/**");
    const parsed = parseTemplate(isBelow ? pattern.path.slice(0, -2) : pattern.path);
    if (parsed.kind === "flawed") return { kind: "flawed", index, message: parsed.message };
    const route = isBelow ? `${parsed.route}*` : parsed.route;
    for (const method of pattern.method === "*" ? METHODS : [pattern.method]) {
      const key = `${method} ${route}`;
      if (!METHODS.includes(method)) {
        return { kind: "flawed", index, message: `Expected one of ${METHODS.join(", ")}, or *.` };
      }
      if (routed.has(key))
        return { kind: "flawed", index, message: "Another pattern is the same. Keep one." };
      const operation = operationOf(`${method} ${pattern.path}`, pattern.marks);
      routed.set(key, { method, route, names: parsed.names, operation });
    }
  }
  // Where nothing is marked, nobody can go around a mark, and a path is the upstream's own affair.
  if (routed.size === 0) return { kind: "operations", find: () => UNLISTED };
  const find = createRouter([...routed.values()]);
  return {
    kind: "operations",
    find: (method, path) => {
      const found = find(method, path);
      return found.kind === "unknown" || found.kind === "wrong-method" ? UNLISTED : found;
    },
  };
}

function operationOf(
  name: string,
  { content, scopes, resource, ...marks }: MarkedPattern["marks"],
): Operation {
  return {
    name,
    resource: resource ?? "core",
    cost: marks.cost,
    isContent: content,
    idempotency: marks.idempotency,
    security: scopes.length === 0 ? [] : [{ kind: "caller", scopes }],
    parameters: [],
    parametersSchema: null,
    body: null,
  };
}
