/** One operation of the provider's API, as far as the gateway has to know it. */
import type { JsonObject } from "../schemas/schema-walk.ts";

export interface Operation extends Marks {
  /** Such as `POST /projects/{project}/issues`. */
  readonly name: string;
  /** One of them is enough. Empty: anybody may. */
  readonly security: readonly Alternative[];
  /** Those that are judged. */
  readonly parameters: readonly Parameter[];
  /** What is asked of all parameters together: an object with `path`, `query` and `header`. Null: nothing. */
  readonly parametersSchema: SchemaSource | null;
  /** Null: nothing is said about a body, and any passes. */
  readonly body: BodyTerms | null;
}

/** What the document says to the platform: `x-trulinks-resource`, `-cost`, `-content`, `-idempotency`. */
export interface Marks {
  /** The quota that it spends. */
  readonly resource: string;
  /** In points; null: by its method. */
  readonly cost: number | null;
  /** It makes content that notifies people. */
  readonly isContent: boolean;
  /** Who keeps the answers to an `Idempotency-Key`. */
  readonly idempotency: "gateway" | "upstream";
}

export type Alternative =
  | { readonly kind: "anybody" }
  /** A caller with credentials, and where scopes bind it, with all of these. */
  | { readonly kind: "caller"; readonly scopes: readonly string[] };

export type ParameterPlace = "path" | "query" | "header";

/** What a text is parsed to before it is held against its schema. */
export type ParsedType = "string" | "number" | "boolean" | "null";

export interface Parameter {
  readonly place: ParameterPlace;
  /** Of a header: in lower case. */
  readonly name: string;
  /** As which types it, or each of its items, may be read. */
  readonly types: readonly ParsedType[];
  /** Null: it is no list. Else how its items are told apart. */
  readonly list: "repeated" | "," | " " | "|" | null;
}

export interface BodyTerms {
  readonly isRequired: boolean;
  /** What is sent, such as `Issue`; stands in errors. */
  readonly resource: string;
  /** By media type or range in lower case. Null: taken, and passed on unread. */
  readonly media: ReadonlyMap<string, SchemaSource | null>;
}

/** Makes a schema that refers to nothing outside itself. It is the same each time, and not kept: many are never used. */
export type SchemaSource = () => JsonObject;

export const MARKS_DEFAULT: Marks = {
  resource: "core",
  cost: null,
  isContent: false,
  idempotency: "gateway",
};
