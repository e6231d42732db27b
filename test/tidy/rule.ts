/** What a rule is: an id, a promise for people, and a pure look at the house that says what to do instead. */
import type { Facts } from "./facts.ts";
import type { Tree } from "./tree.ts";

export interface House {
  readonly tree: Tree;
  readonly facts: Facts;
}

export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line?: number;
  /** What is wrong, and what to do instead. */
  readonly message: string;
}

/** Rules that look at the same thing. */
export interface RuleFamily {
  /** What each rule promises, by the rule's id. */
  readonly promises: Readonly<Record<string, string>>;
  check(house: House): readonly Finding[];
}

export function describeFinding({ rule, path, line, message }: Finding): string {
  return `${path}${line === undefined ? "" : `:${line}`}  ${rule}\n    ${message}`;
}
