/** Which events a hook wants, and which of their fields, as they stand on the wire. */
import { Type } from "typebox";
import type { FilterCondition, Scalar } from "../../webhooks/filter.ts";
import {
  HOOK_FILTER_CONDITIONS_MAX,
  HOOK_FILTER_TEXT_CHARACTERS_MAX,
  HOOK_FILTER_VALUES_MAX,
  HOOK_INCLUDE_MAX,
} from "../../webhooks/hook.ts";
import { nullable } from "../schemas.ts";
import { DataPointer } from "./data-pointer.ts";

const SCALARS = ["string", "number", "boolean", "null"];
const text = { maxLength: HOOK_FILTER_TEXT_CHARACTERS_MAX, pattern: "^[^\\u0000\\ud800-\\udfff]*$" };

type FilterText = Readonly<Record<string, Scalar | readonly Scalar[]>>;

// One list of types instead of unions, whose errors nobody could read.
export const Filter = Type.Unsafe<FilterText | null>({
  type: ["object", "null"],
  maxProperties: HOOK_FILTER_CONDITIONS_MAX,
  propertyNames: DataPointer,
  additionalProperties: {
    type: [...SCALARS, "array"],
    ...text,
    items: { type: SCALARS, ...text },
    minItems: 1,
    maxItems: HOOK_FILTER_VALUES_MAX,
    uniqueItems: true,
  },
  description:
    'Only events of whose `data` all of this holds: `{"/issue/state": "open", "/issue/kind": ["bug", "task"]}`. Each JSON pointer leads to that value, or to one of those. Null, as without it: every event',
});

export const Include = nullable(
  Type.Array(DataPointer, {
    maxItems: HOOK_INCLUDE_MAX,
    uniqueItems: true,
    description:
      "JSON pointers into `data`: only these fields are sent, and of an empty list none. Null, as without it: all of them",
  }),
);

export function filterOf(filter: FilterText | null): readonly FilterCondition[] {
  return Object.entries(filter ?? {}).map(([pointer, value]) => ({
    pointer,
    in: isList(value) ? value : [value],
  }));
}

/** One value stands for itself, as it most likely was given. */
export function filterShape(conditions: readonly FilterCondition[]): FilterText | null {
  if (conditions.length === 0) return null;
  return Object.fromEntries(
    conditions.map(({ pointer, in: values }) => {
      const [first] = values;
      return [pointer, values.length === 1 && first !== undefined ? first : values];
    }),
  );
}

function isList(value: Scalar | readonly Scalar[]): value is readonly Scalar[] {
  return Array.isArray(value);
}
