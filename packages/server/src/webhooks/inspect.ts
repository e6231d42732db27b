/**
 * One walk over an event's data, before it is taken: how deep it is, where passwords stand (the guideline
 * `no-passwords`), and where what only secured hooks see (`sensitive-fields`). Pure.
 */
import { pointerOf, segmentsOf } from "../base/json-pointer.ts";
import { MASKED_CHARACTERS_MAX, MASKED_MAX } from "./fields.ts";
import { classOf } from "./key-class.ts";
import { elementPlaces, isSensitive, memberPlaces, NOWHERE, type Places } from "./sensitive-places.ts";

export interface Inspected {
  readonly isTooDeep: boolean;
  /** JSON pointers, at most `PASSWORDS_LISTED_MAX`. */
  readonly passwords: readonly string[];
  /** JSON pointers with `*` for the elements of arrays, at most `MASKED_MAX` and `MASKED_CHARACTERS_MAX`. */
  readonly sensitive: readonly string[];
}

export interface Lookout {
  /** JSON pointers of what is no password; a `*` stands for any one name or index. */
  readonly notPassword: readonly string[];
  /** Where the type has sensitive values. */
  readonly places: Places;
}

/** Containers within one another in an event's data, itself among them. */
export const EVENT_DEPTH_MAX = 64;
/** More are not listed; one is enough for a refusal. */
export const PASSWORDS_LISTED_MAX = 20;
const PASSWORD_CHARACTERS_MAX = 16 * 1024;

export function inspect(data: object, lookout: Lookout): Inspected {
  const walk = walkOver(data, lookout, EVENT_DEPTH_MAX);
  const { isTooDeep, passwords } = walk;
  let sensitive = walk;
  // What is sensitive in too many places is told by what holds it, as deep down as can be.
  for (let depthMax = EVENT_DEPTH_MAX - 1; isOver(sensitive); depthMax--) {
    sensitive = walkOver(data, lookout, depthMax);
  }
  return {
    isTooDeep,
    passwords,
    sensitive: sensitive.sensitive === null ? NOTHING : [...sensitive.sensitive],
  };
}

interface Walk extends Lookout {
  /** The way to the value that is looked at: names, and indexes as numbers. Only its first `depth` entries hold. */
  readonly path: (string | number)[];
  isTooDeep: boolean;
  readonly passwords: string[];
  /** Pointers to what is sensitive have so many segments and no more. */
  readonly sensitiveDepthMax: number;
  /** Null until there is one: most events have none. */
  sensitive: Set<string> | null;
  /** The segments of what was found last: the same again, as in the next element, makes no pointer. */
  lastSensitive: readonly string[];
  charactersLeft: number;
  passwordCharactersLeft: number;
}

function walkOver(data: object, lookout: Lookout, sensitiveDepthMax: number): Walk {
  const walk: Walk = {
    ...lookout,
    path: [],
    isTooDeep: false,
    passwords: [],
    sensitiveDepthMax,
    sensitive: null,
    lastSensitive: NOTHING,
    charactersLeft: MASKED_CHARACTERS_MAX,
    passwordCharactersLeft: PASSWORD_CHARACTERS_MAX,
  };
  visit(walk, data, 0, lookout.places);
  return walk;
}

function isOver({ sensitive, charactersLeft }: Walk): boolean {
  return charactersLeft < 0 || (sensitive !== null && sensitive.size > MASKED_MAX);
}

const NOTHING: readonly string[] = [];

function visit(walk: Walk, value: object, depth: number, places: Places): void {
  if (depth >= EVENT_DEPTH_MAX) {
    walk.isTooDeep = true;
  } else if (Array.isArray(value)) {
    visitElements(walk, value, depth, places);
  } else {
    visitMembers(walk, value as Readonly<Record<string, unknown>>, depth, places);
  }
}

function visitElements(walk: Walk, elements: readonly unknown[], depth: number, places: Places): void {
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index];
    walk.path[depth] = index;
    const inner = places === NOWHERE ? NOWHERE : elementPlaces(places, index);
    if (inner !== NOWHERE && isSensitive(inner)) addSensitive(walk, element, depth);
    if (typeof element === "object" && element !== null) visit(walk, element, depth + 1, inner);
  }
}

function visitMembers(
  walk: Walk,
  members: Readonly<Record<string, unknown>>,
  depth: number,
  places: Places,
): void {
  for (const name of Object.keys(members)) {
    const member = members[name];
    walk.path[depth] = name;
    const inner = places === NOWHERE ? NOWHERE : memberPlaces(places, name);
    const keyClass = classOf(name);
    if (keyClass === "password" && isSecretValue(member)) addPassword(walk, depth);
    if ((keyClass === "phone" && isContactValue(member)) || (inner !== NOWHERE && isSensitive(inner))) {
      addSensitive(walk, member, depth);
    }
    if (typeof member === "object" && member !== null) visit(walk, member, depth + 1, inner);
  }
}

/** DESIGN, events: a non-empty text or a number. */
export function isSecretValue(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

/** A switch such as `mobile: true` is no way to call somebody; an object under `phone` is masked as a whole. */
function isContactValue(value: unknown): boolean {
  return isSecretValue(value) || typeof value === "object";
}

function addPassword(walk: Walk, depth: number): void {
  if (walk.passwords.length >= PASSWORDS_LISTED_MAX || walk.passwordCharactersLeft < 0) return;
  const segments = walk.path.slice(0, depth + 1).map(String);
  if (isExempt(segments, walk.notPassword)) return;
  const pointer = pointerOf(segments);
  walk.passwords.push(pointer);
  walk.passwordCharactersLeft -= pointer.length;
}

/** Whether one of the pointers leads there; a `*` in them stands for any one name. */
export function isExempt(segments: readonly string[], pointers: readonly string[]): boolean {
  return pointers.some((pointer) => {
    const exempt = segmentsOf(pointer);
    return (
      exempt.length === segments.length &&
      exempt.every((segment, at) => segment === "*" || segment === segments[at])
    );
  });
}

function addSensitive(walk: Walk, value: unknown, depth: number): void {
  if (value === null || isOver(walk)) return;
  const segments = walk.path
    .slice(0, Math.min(depth + 1, walk.sensitiveDepthMax))
    .map((segment) => (typeof segment === "number" ? "*" : segment));
  if (isSame(segments, walk.lastSensitive)) return;
  walk.lastSensitive = segments;
  const pointer = pointerOf(segments);
  walk.sensitive ??= new Set();
  if (walk.sensitive.has(pointer)) return;
  walk.sensitive.add(pointer);
  walk.charactersLeft -= pointer.length;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length > 0 && one.length === other.length && one.every((segment, at) => segment === other[at]);
}
