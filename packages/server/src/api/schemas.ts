/** Pieces of schemas that several resources share. Bodies are validated and documented from the same objects. */
import { ERRORS, type ErrorCode, GIVEN_ID_PATTERN } from "@trulinks/protocol";
import { type Static, type TObject, type TProperties, type TSchema, type TUnsafe, Type } from "typebox";

export const SHORT_TEXT_CHARACTERS_MAX = 256;

export const GivenId = Type.String({
  pattern: GIVEN_ID_PATTERN,
  description: "1 to 128 of A-Z a-z 0-9 . _ : -",
});

/** An id in an answer. */
export const Id = Type.String();

// Stores keep text exactly or not at all: NUL and lone surrogates are what PostgreSQL cannot.
export const ShortText = Type.String({
  minLength: 1,
  maxLength: SHORT_TEXT_CHARACTERS_MAX,
  pattern: "^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$",
  description: "text without control characters",
});

export const Email = Type.String({
  maxLength: 254,
  pattern: "^[^\\s@\\u0000-\\u001f\\u007f\\ud800-\\udfff]+@[^\\s@\\u0000-\\u001f\\u007f\\ud800-\\udfff]+$",
  description: "an e-mail address",
});

export const SCOPES_MAX = 100;

export const Scopes = Type.Array(
  Type.String({ pattern: "^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$", description: "a scope (RFC 6749, 3.3)" }),
  { maxItems: SCOPES_MAX, uniqueItems: true },
);

/** A time in an answer: ISO 8601 in UTC. */
export const Time = Type.String({ format: "date-time" });

export function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** As `schema`, or null; one `type` instead of a union, whose errors nobody could read. */
export function nullable<Schema extends TSchema>(schema: Schema): TUnsafe<Static<Schema> | null> {
  const { type, enum: values, ...rest } = schema as Schema & { type?: string; enum?: readonly unknown[] };
  const nulled = values ? { enum: [...values, null] } : { type: [type, "null"] };
  return Type.Unsafe<Static<Schema> | null>({ ...rest, ...nulled });
}

/** An object that takes no members but these. */
export function closed<Members extends TProperties>(
  members: Members,
  options: { readonly $id?: string; readonly description?: string } = {},
): TObject<Members> {
  return Type.Object(members, { ...options, additionalProperties: false });
}

/** A schema that stands once in the document, by its `$id`; answers refer to it. */
export function refer<Schema extends TSchema>(schema: Schema): TUnsafe<Static<Schema>> {
  const { $id } = schema as Schema & { $id: string };
  return Type.Unsafe<Static<Schema>>(Type.Ref($id));
}

export const ProblemShape = Type.Object(
  {
    type: Type.String({ description: "`urn:trulinks:problem:<code>`" }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "What went wrong this time" }),
    guideline: Type.Optional(Type.String({ description: "The guideline that was not kept" })),
    message: Type.String({ description: "What went wrong and what to do about it" }),
    documentation_url: Type.String(),
    errors: Type.Optional(
      Type.Array(
        closed({
          resource: Type.String(),
          field: Type.String(),
          code: Type.String(),
          message: Type.String(),
          pointer: Type.String({
            description: "RFC 6901, into the body; parameters are `#/path/…`, `#/query/…`, `#/header/…`",
          }),
        }),
      ),
    ),
    oldest: Type.Optional(
      Type.Integer({ description: "`behind-retention`: the first number of the feed that can be read" }),
    ),
    newest: Type.Optional(
      Type.Integer({ description: "The last number of the feed, where one beyond it was acknowledged" }),
    ),
  },
  {
    $id: "Problem",
    description: "RFC 9457, shaped like GitHub's errors as well",
    additionalProperties: false,
  },
);

/** One answer of an operation in OpenAPI's terms. */
export interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: TSchema }>>;
}

export type Answers = Record<string, Answer>;

export function json(description: string, schema: TSchema): Answer {
  return { description, content: { "application/json": { schema } } };
}

export function html(description: string): Answer {
  return { description, content: { "text/html": { schema: Type.String() } } };
}

export function text(description: string): Answer {
  return { description, content: { "text/plain": { schema: Type.String() } } };
}

export function empty(description: string): Answer {
  return { description, type: "null" } as Answer;
}

/** The answers of an operation: those that carry something, and the problems that it can end in. */
export function answers(good: Readonly<Record<number, Answer>>, ...codes: readonly ErrorCode[]): Answers {
  return addProblems({ ...good }, codes);
}

/** Adds problems; several of one status share an answer that names them all. */
export function addProblems(to: Answers, codes: readonly ErrorCode[]): Answers {
  for (const code of codes) {
    const { status, title } = ERRORS[code];
    const line = `\`${code}\`: ${title}`;
    const told = to[status]?.description;
    if (told?.split(". ").includes(line)) continue;
    to[status] = {
      description: told ? `${told}. ${line}` : line,
      content: { "application/problem+json": { schema: refer(ProblemShape) } },
    };
  }
  return to;
}
