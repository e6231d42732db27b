/** Whether an event's data is what its type says, and what the type decides about it. Pure but for what is compiled once. */
import { actionOf } from "@trulinks/protocol";
import { nearest } from "../base/nearest.ts";
import { compileSchema, type DataCheck, type DataFlaw } from "../schemas/schema-check.ts";
import type { EventTerms, EventType } from "./event-type.ts";
import { inspect } from "./inspect.ts";
import { isReserved } from "./platform-event.ts";
import { NOWHERE, type Places, sensitivePlaces } from "./sensitive-places.ts";

export type Judgement =
  | { readonly kind: "good"; readonly terms: EventTerms }
  /** Only the platform itself publishes events of this type. */
  | { readonly kind: "reserved" }
  | { readonly kind: "too-deep" }
  /** JSON pointers into the data. */
  | { readonly kind: "passwords"; readonly pointers: readonly string[] }
  /** `near`: the registered type that was most likely meant. */
  | { readonly kind: "unknown-type"; readonly near: string | null }
  | { readonly kind: "flawed"; readonly flaws: readonly DataFlaw[] }
  /** Its schema takes too long with this data. */
  | { readonly kind: "too-costly" };

/** Looks at one event's data. */
export type Judge = (type: string, data: Readonly<Record<string, unknown>>) => Judgement;

/** What an event type becomes when its first event comes. */
interface Compiled {
  readonly eventType: EventType;
  readonly check: DataCheck;
  readonly places: Places;
}

/** As many as providers have in use; beyond that the longest unused is compiled anew when it is used again. */
const COMPILED_MAX = 200;

export function createCompiled(): (eventType: EventType) => Compiled {
  const kept = new Map<string, Compiled>();
  let newest: Compiled | null = null;
  return (eventType) => {
    if (newest?.eventType === eventType) return newest;
    const { type } = eventType;
    const before = kept.get(type);
    const compiled = before?.eventType === eventType ? before : compile(eventType);
    kept.delete(type);
    kept.set(type, compiled);
    if (kept.size > COMPILED_MAX) kept.delete(kept.keys().next().value ?? "");
    newest = compiled;
    return compiled;
  };
}

function compile(eventType: EventType): Compiled {
  const compiled = compileSchema(eventType.schema);
  if (compiled.kind === "flawed") {
    throw new Error(`The schema of ${eventType.type} was taken, and cannot be compiled any more.`);
  }
  return { eventType, check: compiled.check, places: sensitivePlaces(eventType) };
}

/** In one request so many events may take too long, and so many unknown types are looked up; the rest is told less. */
const COSTLY_MAX = 2;
const NEAR_MAX = 3;

const UNREGISTERED = { notPassword: [], places: NOWHERE };

export function judgeOf(
  types: ReadonlyMap<string, EventType>,
  compiledOf: (eventType: EventType) => Compiled,
): Judge {
  const costly = new Set<string>();
  let costlyCount = 0;
  const near = new Map<string, string | null>();

  function nearestTo(type: string): string | null {
    const known = near.get(type);
    if (known !== undefined || near.size >= NEAR_MAX) return known ?? null;
    const found = nearest(type, [...types.keys()]);
    near.set(type, found);
    return found;
  }

  return (type, data) => {
    if (isReserved(type)) return { kind: "reserved" };
    const eventType = types.get(type);
    const compiled = eventType === undefined ? null : compiledOf(eventType);
    const { isTooDeep, passwords, sensitive } = inspect(
      data,
      eventType === undefined || compiled === null
        ? UNREGISTERED
        : { notPassword: eventType.notPassword, places: compiled.places },
    );
    if (isTooDeep) return { kind: "too-deep" };
    if (passwords.length > 0) return { kind: "passwords", pointers: passwords };
    if (eventType === undefined || compiled === null) {
      if (types.size > 0) return { kind: "unknown-type", near: nearestTo(type) };
      return { kind: "good", terms: { action: actionOf(type), sensitive, scopes: null, fieldScopes: [] } };
    }

    if (costlyCount >= COSTLY_MAX && costly.has(type)) return { kind: "too-costly" };
    const verdict = compiled.check(data);
    if (verdict.kind === "too-costly") {
      costly.add(type);
      costlyCount += 1;
    }
    if (verdict.kind !== "good") return verdict;
    const { action, scopes, fieldScopes } = eventType;
    return { kind: "good", terms: { action, sensitive, scopes, fieldScopes } };
  };
}
