/** Loads options from what a test gives, with nothing else around. */
import assert from "node:assert/strict";
import { formatFlaw } from "./flaw.ts";
import { type Loaded, loadOptions } from "./load.ts";
import type { ReadText } from "./text-reader.ts";

export interface Case {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, unknown>>;
}

export function load({ yaml, env = {}, flags = {} }: Case, path = "/home/trulinks.yaml"): Loaded {
  const readText: ReadText = (asked) =>
    yaml !== undefined && asked === path ? { kind: "text", text: yaml } : { kind: "absent" };
  return loadOptions({ flags, env, cwd: "/home", readText });
}

export function good(given: Case, path?: string): Extract<Loaded, { kind: "ok" }> {
  const loaded = load(given, path);
  assert(loaded.kind === "ok", loaded.kind === "flawed" ? loaded.flaws.map(formatFlaw).join("\n") : "");
  return loaded;
}

export function flawsOf(given: Case, path?: string): readonly string[] {
  const loaded = load(given, path);
  assert(loaded.kind === "flawed", "flaws were expected");
  return loaded.flaws.map(formatFlaw);
}
