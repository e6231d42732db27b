/** `npm run check:tidy`; with `UPDATE=1` it first rewrites what is made from tables and lowers the ratchet. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkHouse, FAMILIES, ROOT, realHouse } from "./house.ts";
import { RATCHET_PATH, tightened } from "./length.ts";
import { referencePages } from "./reference-pages.ts";
import { describeFinding, type House } from "./rule.ts";
import { readTree } from "./tree.ts";

let house = await realHouse();
if (process.env["UPDATE"] === "1") {
  rewrite(house);
  house = { ...house, tree: readTree(ROOT) };
}

const findings = checkHouse(house);
for (const finding of findings) console.log(describeFinding(finding));
const rules = FAMILIES.reduce((count, family) => count + Object.keys(family.promises).length, 0);
console.log(`${house.tree.size} files, ${rules} rules, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;

function rewrite(before: House): void {
  for (const { path, text } of referencePages(before)) write(path, text, before);
  write(RATCHET_PATH, tightened(before.tree), before);
}

function write(path: string, text: string, before: House): void {
  if (before.tree.get(path)?.text === text) return;
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  console.log(`rewrote ${path}`);
}
