/** What an event type may not say. Form and ranges of its members are checked at the border. */

import { type Compiled, compileSchema, type DataFlaw } from "../schemas/schema-check.ts";
import type { EventTypeDefinition, JsonObject } from "./event-type.ts";
import { EVENT_DEPTH_MAX, inspect } from "./inspect.ts";
import { askedPasswords } from "./schema-passwords.ts";
import { NOWHERE } from "./sensitive-places.ts";

export type EventTypeFlaw =
  /** It is a type of the platform's own events. */
  | { readonly kind: "reserved"; readonly type: string }
  | { readonly kind: "schema"; readonly pointer: string; readonly message: string }
  /** Where the type asks for a password, or an example has one; `data`: what `not_password` would have to name. */
  | { readonly kind: "password"; readonly pointer: string; readonly data: string }
  /** An example that its own schema refuses; the flaw's path leads into the example. */
  | { readonly kind: "example"; readonly pointer: string; readonly flaw: DataFlaw }
  | { readonly kind: "example-too-costly"; readonly pointer: string };

/** Pointers lead into the definition as it stands on the wire. Empty: it is good. */
export function findEventTypeFlaws(
  definition: Pick<EventTypeDefinition, "schema" | "notPassword" | "examples">,
): readonly EventTypeFlaw[] {
  const { schema, notPassword, examples } = definition;
  const compiled = compileSchema(schema);
  if (compiled.kind === "flawed") {
    return compiled.flaws.map(({ pointer, message }) => ({
      kind: "schema",
      pointer: `/schema${pointer}`,
      message,
    }));
  }
  const asked = askedPasswords(schema, notPassword).map(
    ({ pointer, data }): EventTypeFlaw => ({ kind: "password", pointer: `/schema${pointer}`, data }),
  );
  if (asked.length > 0) return asked;
  return examples.flatMap((example, index) => exampleFlaws(compiled, notPassword, { example, index }));
}

function exampleFlaws(
  { check }: Extract<Compiled, { readonly kind: "compiled" }>,
  notPassword: readonly string[],
  { example, index }: { readonly example: JsonObject; readonly index: number },
): readonly EventTypeFlaw[] {
  const pointer = `/examples/${index}`;
  const { isTooDeep, passwords } = inspect(example, { notPassword, places: NOWHERE });
  if (isTooDeep) {
    const message = `An event's data is nested ${EVENT_DEPTH_MAX} levels deep at most.`;
    return [{ kind: "schema", pointer, message }];
  }
  if (passwords.length > 0) {
    return passwords.map((data) => ({ kind: "password", pointer: pointer + data, data }));
  }
  const verdict = check(example);
  switch (verdict.kind) {
    case "good":
      return [];
    case "too-costly":
      return [{ kind: "example-too-costly", pointer }];
    case "flawed":
      return verdict.flaws.map((flaw) => ({ kind: "example", pointer, flaw }));
    default:
      return verdict satisfies never;
  }
}
