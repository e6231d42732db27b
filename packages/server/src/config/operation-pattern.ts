/** Operations of the provider's API that an option marks, where no OpenAPI document does. */
import type { Kind } from "./kinds.ts";

export interface OperationPattern {
  /** In upper case; `*` for every method. */
  readonly method: string;
  /** With names in braces; `/**` at its end stands for everything below. */
  readonly path: string;
  readonly marks: {
    readonly content: boolean;
    readonly cost: number | null;
    readonly resource: string | null;
    readonly idempotency: "gateway" | "upstream";
    readonly scopes: readonly string[];
  };
}

const PATTERNS_MAX = 1_000;

/** One at least, since a pattern that marks nothing is a mistake. */
const PATTERN =
  /^(\*|[A-Z]{3,10}) +(\/[A-Za-z0-9\-._~!$&'+,;=:@/{}]{0,1000}(?:\*\*)?)((?: +(?:content|cost=\d{1,7}|resource=[a-z0-9_]{1,64}|idempotency=upstream|scopes=[\x21\x23-\x2a\x2c-\x5b\x5d-\x7e+]{1,500})){1,5})$/;

export const operationPatterns: Kind<readonly OperationPattern[]> = {
  expects:
    `a list of at most ${PATTERNS_MAX} texts, each METHOD PATH and what it is: content, cost=POINTS, resource=NAME, ` +
    "scopes=ONE+TWO, idempotency=upstream",
  isSecret: false,
  isText: false,
  fromText: (text) => text.split(",").map((part) => part.trim()),
  parse: (given) => {
    if (!Array.isArray(given) || given.length > PATTERNS_MAX) return undefined;
    const patterns = given.map(parsePattern);
    return patterns.some((pattern) => pattern === null)
      ? undefined
      : patterns.filter((pattern) => pattern !== null);
  },
  print: (patterns) => patterns.map(printPattern),
  isItem: (item) => parsePattern(item) !== null,
};

function parsePattern(given: unknown): OperationPattern | null {
  const [, method, path, words] = (typeof given === "string" && PATTERN.exec(given)) || [];
  if (method === undefined || path === undefined || words === undefined) return null;
  const said = new Map(
    words
      .trim()
      .split(/ +/)
      .map((word): [string, string] => {
        const [name = "", ...value] = word.split("=");
        return [name, value.join("=")];
      }),
  );
  const cost = said.get("cost");
  return {
    method,
    path,
    marks: {
      content: said.has("content"),
      cost: cost === undefined ? null : Number(cost),
      resource: said.get("resource") ?? null,
      idempotency: said.has("idempotency") ? "upstream" : "gateway",
      scopes: said.get("scopes")?.split("+") ?? [],
    },
  };
}

function printPattern({ method, path, marks }: OperationPattern): string {
  const { content, cost, resource, idempotency, scopes } = marks;
  const words = [
    ...(content ? ["content"] : []),
    ...(cost === null ? [] : [`cost=${cost}`]),
    ...(resource === null ? [] : [`resource=${resource}`]),
    ...(idempotency === "upstream" ? ["idempotency=upstream"] : []),
    ...(scopes.length === 0 ? [] : [`scopes=${scopes.join("+")}`]),
  ];
  return [method, path, ...words].join(" ");
}
