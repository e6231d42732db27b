/**
 * Ids that TruLinks makes carry a prefix that says what they name, and sort by the time they were made.
 * Where a caller may give an id of its own, it is 1 to 128 of `A-Z a-z 0-9 . _ : -`.
 */
export const ID_PREFIXES = {
  user: "usr_",
  app: "app_",
  grant: "grn_",
  token: "tok_",
  hook: "hok_",
  event: "evt_",
  delivery: "dlv_",
  attempt: "att_",
  replay: "rpl_",
  violation: "vio_",
  appeal: "apl_",
  request: "req_",
  erasure: "ers_",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/** A string that names one kind of thing; the brand keeps an app's id from being passed as an event's. */
export type Id<Kind extends string> = string & { readonly __id: Kind };

export type UserId = Id<"user">;
export type AppId = Id<"app">;
export type GrantId = Id<"grant">;
export type TokenId = Id<"token">;
export type GroupId = Id<"group">;
export type HookId = Id<"hook">;
export type EventId = Id<"event">;
export type DeliveryId = Id<"delivery">;
export type ReplayId = Id<"replay">;
export type ErasureId = Id<"erasure">;
export type RequestId = Id<"request">;

// Crockford's base 32: sorts as its bytes do, and has no letters that people mistake for digits.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS = 10;
const CHANCE_DIGITS = 16;

/** How many random bytes one id needs: 80 bits, so that two nodes never meet in one millisecond. */
export const ID_CHANCE_BYTES = CHANCE_DIGITS;

/**
 * A new id such as `evt_01jd5k3v8mq4w2n6x0b7t9rzpa`: prefix, 48 bits of time, 80 bits of chance.
 * `chance` must hold at least {@link ID_CHANCE_BYTES} random bytes; the low five bits of each are used.
 */
export function makeId<Kind extends IdKind>(kind: Kind, nowMs: number, chance: Uint8Array): Id<Kind> {
  let time = "";
  let rest = nowMs;
  for (let digit = 0; digit < TIME_DIGITS; digit++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let tail = "";
  for (let digit = 0; digit < CHANCE_DIGITS; digit++) tail += ALPHABET[(chance[digit] ?? 0) % 32];
  return `${ID_PREFIXES[kind]}${time}${tail}` as Id<Kind>;
}

/** The form of an id that a caller may give, as a JSON Schema `pattern` (DESIGN: the wire). */
export const GIVEN_ID_PATTERN = "^[A-Za-z0-9._:-]{1,128}$";

const GIVEN_ID = new RegExp(GIVEN_ID_PATTERN);

export function isGivenId(text: string): boolean {
  return GIVEN_ID.test(text);
}
