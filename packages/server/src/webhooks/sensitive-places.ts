/**
 * Where the data of a type can have sensitive values: what its schema calls an e-mail address, whichever of its
 * alternatives the data is, and what the type marks. Made once, then followed beside the data member by member. Pure.
 */
import { segmentsOf } from "../base/json-pointer.ts";
import { isObject, partsOf, referred, type Schema } from "../schemas/schema-walk.ts";
import type { EventTypeDefinition, JsonObject } from "./event-type.ts";

/** A schema, as far as it leads to something sensitive. */
interface Place {
  isSensitive: boolean;
  /** By the name of a member. */
  readonly named: Map<string, Places>;
  /** By the index of an element. */
  readonly indexed: Map<number, Places>;
  /** For members whose names are not known. */
  others: Places;
  /** For every element. */
  elements: Places;
}

/** All that is said of one value. */
export type Places = readonly Place[];

/** Nothing that matters is said there, nor below. */
export const NOWHERE: Places = [];

const FORMATS: ReadonlySet<unknown> = new Set(["email", "idn-email"]);

export function sensitivePlaces({
  schema,
  sensitive,
}: Pick<EventTypeDefinition, "schema" | "sensitive">): Places {
  return pruned([...placesOf(schema), ...sensitive.map(placeOfPointer)]);
}

export function isSensitive(places: Places): boolean {
  return places.some((place) => place.isSensitive);
}

export function memberPlaces(places: Places, name: string): Places {
  const [first, ...rest] = places;
  if (first === undefined) return NOWHERE;
  const found = first.named.get(name) ?? first.others;
  return rest.length === 0 ? found : joined(found, memberPlaces(rest, name));
}

export function elementPlaces(places: Places, index: number): Places {
  const [first, ...rest] = places;
  if (first === undefined) return NOWHERE;
  const found = joined(first.indexed.get(index) ?? NOWHERE, first.elements);
  return rest.length === 0 ? found : joined(found, elementPlaces(rest, index));
}

function joined(one: Places, other: Places): Places {
  if (other === NOWHERE) return one;
  return one === NOWHERE ? other : [...one, ...other];
}

function placesOf(root: JsonObject): Places {
  const known = new Map<JsonObject, Place>();

  // The schema, and all others that speak of the same value.
  function here(schema: Schema, found: Set<JsonObject>): void {
    if (!isObject(schema) || found.has(schema)) return;
    found.add(schema);
    const reference = referred(root, schema["$ref"]);
    if (reference !== null) here(reference, found);
    for (const inner of partsOf(schema)) if (IN_PLACE.has(inner.keyword)) here(inner.schema, found);
  }

  function all(schema: Schema): Places {
    const found = new Set<JsonObject>();
    here(schema, found);
    return [...found].map(one);
  }

  function one(schema: JsonObject): Place {
    const before = known.get(schema);
    if (before !== undefined) return before;
    const place = newPlace(FORMATS.has(schema["format"]));
    known.set(schema, place);
    for (const { keyword, name, pointer, schema: inner } of partsOf(schema)) {
      if (keyword === "properties") place.named.set(name ?? "", all(inner));
      if (keyword === "prefixItems") place.indexed.set(Number(pointer.split("/").at(-1)), all(inner));
      if (OF_ELEMENTS.has(keyword)) place.elements = [...place.elements, ...all(inner)];
      if (OF_OTHERS.has(keyword)) place.others = [...place.others, ...all(inner)];
    }
    // A name that has a schema of its own may match a pattern, too.
    for (const [name, places] of place.named) place.named.set(name, [...places, ...place.others]);
    return place;
  }

  return all(root);
}

const IN_PLACE: ReadonlySet<string> = new Set([
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"],
]);
const OF_ELEMENTS: ReadonlySet<string> = new Set(["items", "contains", "unevaluatedItems"]);
// Names are not held against patterns: every name may be meant.
const OF_OTHERS: ReadonlySet<string> = new Set([
  ...["additionalProperties", "unevaluatedProperties", "patternProperties"],
]);

function placeOfPointer(pointer: string): Place {
  const root = newPlace(false);
  let place = root;
  for (const segment of segmentsOf(pointer)) {
    const next = newPlace(false);
    place.named.set(segment, [next]);
    if (segment === "*") place.elements = [next];
    if (/^(0|[1-9]\d*)$/.test(segment)) place.indexed.set(Number(segment), [next]);
    place = next;
  }
  place.isSensitive = true;
  return root;
}

function newPlace(isSensitive: boolean): Place {
  return { isSensitive, named: new Map(), indexed: new Map(), others: NOWHERE, elements: NOWHERE };
}

/** The same without what leads to nothing sensitive, so that most of the data is walked without any of this. */
function pruned(roots: Places): Places {
  // From the last found to the first, so that one pass is enough where no references lead back.
  const all = [...reachable(roots)].reverse();
  const leading = new Set(all.filter((place) => place.isSensitive));
  for (let before = -1; before !== leading.size; ) {
    before = leading.size;
    for (const place of all) {
      if (followers(place).some((places) => places.some((next) => leading.has(next)))) leading.add(place);
    }
  }
  const kept = (places: Places): Places => {
    const some = places.filter((place) => leading.has(place));
    return some.length === 0 ? NOWHERE : some;
  };
  for (const place of leading) {
    for (const [name, places] of place.named) place.named.set(name, kept(places));
    for (const [index, places] of place.indexed) place.indexed.set(index, kept(places));
    place.others = kept(place.others);
    place.elements = kept(place.elements);
  }
  return kept(roots);
}

function reachable(roots: Places): ReadonlySet<Place> {
  const found = new Set<Place>(roots);
  // A set that grows while it is walked is walked to its end.
  for (const place of found)
    for (const places of followers(place)) for (const next of places) found.add(next);
  return found;
}

function followers({ named, indexed, others, elements }: Place): readonly Places[] {
  return [...named.values(), ...indexed.values(), others, elements];
}
