import type { House } from "./rule.ts";
import { plant } from "./tree.ts";

export interface Violation {
  readonly rule: string;
  readonly name: string;
  /** The house with the violation in it. */
  readonly planted: (house: House) => House;
  /** Where it is to be found, and what the finding has to say. */
  readonly path: string;
  readonly message: RegExp;
}

/** A file that may not stand there, or not with this text. */
export function source(
  rule: string,
  name: string,
  path: string,
  text: string,
  message: RegExp,
  foundAt: string = path,
): Violation {
  const planted = (house: House): House => ({ ...house, tree: plant(house.tree, path, text) });
  return { rule, name, planted, path: foundAt, message };
}
