import type { Guideline } from "@trulinks/protocol";

/** What a limit is asked: may something that costs so much happen now? */
export interface Ask {
  /** A whole number, at least 1. */
  readonly cost: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export type Verdict =
  | { readonly kind: "admitted" }
  | {
      readonly kind: "refused";
      /** The rule that refused; its id is the one in the policy and in the problem. */
      readonly by: Guideline;
      /** When the same would be admitted if nothing else happened until then; null: no wait helps. */
      readonly retryAtMs: number | null;
    };

/**
 * A limit's answer, and what it remembers from here on. All or nothing: only an admitting decision carries the
 * cost in its cell. Several limits join by asking each one first and keeping the cells only if all admit; a limit
 * brings its own kind of cell and needs to know of no other.
 */
export interface Decision<Cell> {
  readonly verdict: Verdict;
  readonly cell: Cell;
}

export const ADMITTED: Verdict = { kind: "admitted" };
