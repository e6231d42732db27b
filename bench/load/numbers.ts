/** Gives every event of a run its own number, whoever is measured, so that no arrival is taken for another. */
import { NUMBER_FIRST } from "./request-bytes.ts";

export interface Numbers {
  /** The first of `count` numbers in a row. */
  take(count: number): number;
}

export function createNumbers(): Numbers {
  let next = NUMBER_FIRST;
  return {
    take(count) {
      const first = next;
      next += count;
      return first;
    },
  };
}
