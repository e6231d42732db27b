import type { Guideline } from "@trulinks/protocol";
import type { Caller } from "./caller.ts";
import type { Operation } from "./operation.ts";
import type { LimitName } from "./plan.ts";

export type Verdict = Admission | Refusal;

export interface Refusal {
  readonly kind: "refused";
  /** The limit that is named to the caller: content before the primary quota before the longest wait. */
  readonly by: LimitName;
  readonly guideline: Guideline;
  /** When the same succeeds if nothing else of the caller comes first: no limit hits then. Null: it never does. */
  readonly retryAtMs: number | null;
  /** All that hit, `by` among them. */
  readonly hits: readonly LimitName[];
  /** Limits in shadow mode that would have refused. */
  readonly shadowed: readonly LimitName[];
}

/** A request that may go on: what it has spent, and the place that it holds until it ends. */
export class Admission {
  readonly kind = "admitted";
  readonly caller: Caller;
  readonly operation: Operation;
  readonly atMs: number;
  readonly points: number;
  /** When a write was due, before it was booked. */
  readonly dueMs: number;
  /** The bits of the limits that were charged. */
  readonly charged: number;
  /** Limits in shadow mode that would have refused. */
  readonly shadowed: readonly LimitName[];
  place: "in-flight" | "stream" | "left" = "in-flight";
  isRefunded = false;

  constructor(
    caller: Caller,
    operation: Operation,
    atMs: number,
    points: number,
    dueMs: number,
    charged: number,
    shadowed: readonly LimitName[],
  ) {
    this.caller = caller;
    this.operation = operation;
    this.atMs = atMs;
    this.points = points;
    this.dueMs = dueMs;
    this.charged = charged;
    this.shadowed = shadowed;
  }
}
