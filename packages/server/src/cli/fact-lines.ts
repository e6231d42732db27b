import { printable } from "./paint.ts";

/** `name  value`, names padded; what is null is left out. */
export function factLines(facts: readonly (readonly [name: string, value: string | null])[]): string {
  const given = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null);
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join("");
}
