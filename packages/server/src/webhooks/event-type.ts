/** A type of events as the provider registers it, and the bounds on what it may say. */
import type { JsonObject } from "../schemas/schema-walk.ts";
import type { FieldScopes } from "./view.ts";

export type { JsonObject };

export interface EventTypeDefinition {
  readonly description: string | null;
  /** JSON Schema 2020-12 of an event's data. */
  readonly schema: JsonObject;
  /** JSON pointers into `data` of what only secured hooks see; a `*` stands for every element of an array. */
  readonly sensitive: readonly string[];
  /** JSON pointers into `data` of what is no password whatever its key says; a `*` stands for any one name. */
  readonly notPassword: readonly string[];
  /** What happened, as one word. */
  readonly action: string;
  /** Data of events as they may be. */
  readonly examples: readonly JsonObject[];
  /** A grant sees events of the type only with one of these; null: every grant does. */
  readonly scopes: readonly string[] | null;
  readonly fieldScopes: readonly FieldScopes[];
}

export interface EventType extends EventTypeDefinition {
  readonly type: string;
  /** From 1; raised with each change. */
  readonly version: number;
  /** When this version was made. */
  readonly atMs: number;
}

/** What the type of an event decides about it. */
export interface EventTerms {
  readonly action: string;
  /** JSON pointers of the values in its data that only secured hooks see. */
  readonly sensitive: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly fieldScopes: readonly FieldScopes[];
}

export const EVENT_TYPES_MAX = 1_000;
export const EVENT_TYPE_VERSIONS_MAX = 1_000;
export const EVENT_TYPE_POINTERS_MAX = 100;
export const EVENT_TYPE_EXAMPLES_MAX = 20;
export const EVENT_TYPE_ACTION_CHARACTERS_MAX = 128;
export const EVENT_TYPE_DESCRIPTION_CHARACTERS_MAX = 4_096;
