/** What the name of a member says of its value: that it is a password, or how somebody can be called. Pure. */

export type KeyClass = "password" | "phone" | "plain";

const PASSWORDS: ReadonlySet<string> = new Set(["password", "passwd", "passphrase", "pwd"]);
/** Listed in docs/guide/event-types.md. */
const PHONES: ReadonlySet<string> = new Set([
  ...[
    "phone",
    "phones",
    "telephone",
    "telephones",
    "tel",
    "mobile",
    "mobiles",
    "cell",
    "cellphone",
    "cellphones",
  ],
  ...["landline", "fax", "msisdn", "phonenumber", "phonenumbers", "mobilenumber", "faxnumber"],
]);
/** Behind one of those: `phone_number`, `faxNo`. */
const NUMBERS: ReadonlySet<string> = new Set(["number", "numbers", "num", "no", "nr"]);

// Providers have some hundreds of keys; where keys are made up without end, the first so many are known.
const KEYS_MAX = 10_000;
const classes = new Map<string, KeyClass>();

/** As `classify`, remembered: it is asked for every member of every event. */
export function classOf(key: string): KeyClass {
  const known = classes.get(key);
  if (known !== undefined) return known;
  const made = classify(key);
  if (classes.size < KEYS_MAX) classes.set(key, made);
  return made;
}

/**
 * By the last word: `password`, `new_password`, `userPassword`, `PASSWORD`, `PassWord`; not `password_hint` or
 * `passwordless`. `mobile`, `home-phone`, `phoneNumber`, `tel2`; not `phone_model`.
 */
export function classify(key: string): KeyClass {
  const part = key.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const whole = part.at(-1)?.toLowerCase() ?? "";
  const words = wordsOf(part.join(" "));
  const last = words.at(-1) ?? "";
  if (PASSWORDS.has(last) || PASSWORDS.has(whole)) return "password";
  return isPhone(words) || isPhone([whole]) ? "phone" : "plain";
}

function wordsOf(text: string): readonly string[] {
  return text
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(" ");
}

function isPhone(words: readonly string[]): boolean {
  const named = words.map((word) => word.replace(/\p{N}+$/u, "")).filter((word) => word !== "");
  const last = named.at(-1) ?? "";
  return PHONES.has(last) || (NUMBERS.has(last) && PHONES.has(named.at(-2) ?? ""));
}
