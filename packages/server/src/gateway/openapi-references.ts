/** How an OpenAPI document is read: what is wrong in it is gathered with its place, and references within it are followed. */
import { segmentsOf } from "../base/json-pointer.ts";
import { isObject, type JsonObject, pointerIn } from "../schemas/schema-walk.ts";

export interface DocumentFlaw {
  /** A JSON pointer into the document. */
  readonly pointer: string;
  /** Whole sentences: what is wrong, and what was expected. */
  readonly message: string;
}

/** The document, and what has been found wrong in it so far. */
export interface Reading {
  readonly document: JsonObject;
  readonly flaws: DocumentFlaw[];
  /** Pointers to schemas that have been judged: many operations share them. */
  readonly judged: Set<string>;
}

/** A value in the document, and where it stands. */
export interface Located<Value = unknown> {
  readonly value: Value;
  readonly pointer: string;
}

/** References within the document that lead from one to the next. */
const REFERENCES_MAX = 16;

export function tell(reading: Reading, pointer: string, message: string): void {
  reading.flaws.push({ pointer, message });
}

/** What stands at a pointer; undefined: nothing. */
export function valueAt(document: JsonObject, pointer: string): unknown {
  let found: unknown = document;
  for (const segment of segmentsOf(pointer)) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, segment)) return undefined;
    found = (found as JsonObject)[segment];
  }
  return found;
}

/** The object that is meant, once `$ref` has been followed. Null: it is none, and that is told. */
export function objectAt(reading: Reading, { value, pointer }: Located): Located<JsonObject> | null {
  let [found, place] = [value, pointer];
  for (let steps = 0; steps <= REFERENCES_MAX; steps++) {
    if (!isObject(found)) {
      tell(reading, place, "Expected an object.");
      return null;
    }
    if (found["$ref"] === undefined) return { value: found, pointer: place };
    const target = pointerIn(found["$ref"]);
    if (target === null || valueAt(reading.document, target) === undefined) {
      tell(reading, `${place}/$ref`, "Expected a reference to something in this document: #/components/….");
      return null;
    }
    [found, place] = [valueAt(reading.document, target), target];
  }
  tell(reading, `${pointer}/$ref`, `Expected at most ${REFERENCES_MAX} references one behind another.`);
  return null;
}
