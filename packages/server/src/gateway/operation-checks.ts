/** The schemas of operations as checks: each compiled when it is first needed, so many are kept, the longest unused goes first. */
import { compileSchema, type DataCheck } from "../schemas/schema-check.ts";
import type { SchemaSource } from "./operation.ts";

export type CheckOf = (source: SchemaSource) => DataCheck;

/** A check takes some 60 kB. */
export const COMPILED_MAX = 1_000;

/** Shorter than for events, which the provider sends: requests come from anybody, and each may use it up. */
const PATTERNS_MS_MAX = 100;

export function createChecks(compiledMax: number = COMPILED_MAX): CheckOf {
  const kept = new Map<SchemaSource, DataCheck>();
  let newest: readonly [SchemaSource, DataCheck] | null = null;
  return (source) => {
    if (newest?.[0] === source) return newest[1];
    const check = kept.get(source) ?? compile(source);
    kept.delete(source);
    kept.set(source, check);
    const [oldest] = kept.keys();
    if (kept.size > compiledMax && oldest !== undefined) kept.delete(oldest);
    newest = [source, check];
    return check;
  };
}

function compile(source: SchemaSource): DataCheck {
  const compiled = compileSchema(source(), PATTERNS_MS_MAX);
  if (compiled.kind === "compiled") return compiled.check;
  throw new Error(`A schema was taken at the start and cannot be compiled: ${compiled.flaws[0]?.message}`);
}
