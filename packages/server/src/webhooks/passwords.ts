/** The guideline `no-passwords`: what counts as a password in a payload, and where they stand. Pure. */
import { escapeSegment } from "../base/json-pointer.ts";

/** More are not listed; one is enough for a refusal. */
export const PASSWORDS_LISTED_MAX = 20;

const LAST_WORDS: ReadonlySet<string> = new Set(["password", "passwd", "passphrase", "pwd"]);

/**
 * JSON pointers of the members that carry a password, at any depth, `under` put before each. A member is one if the
 * last word of its key says so and its value is a non-empty text or a number (DESIGN, events).
 */
export function findPasswords(value: unknown, under: string): readonly string[] {
  const found: string[] = [];
  collect(value, under, found);
  return found;
}

function collect(value: unknown, pointer: string, found: string[]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (found.length >= PASSWORDS_LISTED_MAX) return;
    const at = `${pointer}/${escapeSegment(key)}`;
    if (isSecretValue(member) && isPasswordKey(key)) found.push(at);
    else collect(member, at, found);
  }
}

function isSecretValue(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

/** `password`, `new_password`, `userPassword`, `PASSWORD`, `PassWord`; not `password_hint` or `passwordless`. */
export function isPasswordKey(key: string): boolean {
  const last = lastOf(key.split(/[^\p{L}\p{N}]+/u));
  const lastWord = lastOf(last.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2").split(" "));
  return LAST_WORDS.has(last.toLowerCase()) || LAST_WORDS.has(lastWord.toLowerCase());
}

function lastOf(words: readonly string[]): string {
  return words.findLast((word) => word !== "") ?? "";
}
