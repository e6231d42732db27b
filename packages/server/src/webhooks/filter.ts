/** What a hook wants to hold of an event's data before it gets the event. */
import { anyAt } from "./fields.ts";

export type Scalar = string | number | boolean | null;

/**
 * The value at `pointer` (a JSON pointer into `data`) is one of these; with a `*` in the pointer, which stands for every
 * element of an array, one of the values is. What is not there equals nothing, not even null.
 */
export interface FilterCondition {
  readonly pointer: string;
  readonly in: readonly Scalar[];
}

/** Whether all conditions hold. Numbers are compared as numbers: 1 is 1.0. */
export function holds(filter: readonly FilterCondition[], data: unknown): boolean {
  return filter.every((condition) =>
    anyAt(data, condition.pointer, (value) => condition.in.includes(value as Scalar)),
  );
}
