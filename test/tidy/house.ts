/** All rules, and the real house that they are kept in. */
import { fileURLToPath } from "node:url";
import { clockChanceEnvironment } from "./clock-chance-environment.ts";
import { documented } from "./documented.ts";
import { gatherFacts } from "./facts.ts";
import { length } from "./length.ts";
import { links } from "./links.ts";
import { packages } from "./packages.ts";
import type { Finding, House, RuleFamily } from "./rule.ts";
import { style } from "./style.ts";
import { readTree } from "./tree.ts";
import { whoImportsWhom } from "./who-imports-whom.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const FAMILIES: readonly RuleFamily[] = [
  whoImportsWhom,
  clockChanceEnvironment,
  length,
  style,
  documented,
  packages,
  links,
];

export function checkHouse(house: House): readonly Finding[] {
  return FAMILIES.flatMap((family) => family.check(house));
}

export async function realHouse(): Promise<House> {
  return { tree: readTree(ROOT), facts: await gatherFacts() };
}
