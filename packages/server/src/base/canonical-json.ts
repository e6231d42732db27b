import { createHash } from "node:crypto";

/** JSON text in which members stand sorted by name, so that the same value always gives the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortMembers(value));
}

/** SHA-256 of the canonical JSON, in hexadecimal. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (typeof value !== "object" || value === null) return value;
  // Without a prototype, so that a member named `__proto__` is one like any other. Members whose names are whole
  // numbers come first whatever we do, which is an order as good as any.
  const sorted: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value).sort()) {
    sorted[name] = sortMembers((value as Readonly<Record<string, unknown>>)[name]);
  }
  return sorted;
}
