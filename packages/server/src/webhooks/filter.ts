/** What a hook wants to hold of an event's data before it gets the event. */

export type Scalar = string | number | boolean | null;

/** The value at `pointer` (a JSON pointer into `data`) is one of these. What is not there equals nothing. */
export interface FilterCondition {
  readonly pointer: string;
  readonly in: readonly Scalar[];
}
