import { quotaHeaders } from "@trulinks/protocol";
import type { HeaderPairs } from "./answer.ts";
import type { LimitsClock } from "./host-clock.ts";
import type { Limiter } from "./limiter.ts";
import type { Admission } from "./verdict.ts";

/** One admitted request, from its admission to its end. */
export interface Visit {
  /** What the answer's headers say of the quota. Called once, when the status is known and nothing has left yet. */
  headers(status: number, contentType: string | undefined): HeaderPairs;
  /** The last byte has left, or nobody waits for it any more. */
  readonly end: () => void;
}

export interface VisitDeps {
  readonly limiter: Limiter;
  readonly clock: LimitsClock;
  readonly isFree: (status: number) => boolean;
}

export function visitOf({ limiter, clock, isFree }: VisitDeps, admission: Admission): Visit {
  return {
    headers(status, contentType) {
      const nowMs = clock.now();
      if (isFree(status)) limiter.refund(admission, nowMs);
      // An event stream leaves at its headers: it may last for hours, and others need not wait for it.
      if (contentType?.startsWith("text/event-stream")) limiter.becomeStream(admission, nowMs);
      return quotaHeaders(limiter.quotaOf(admission.caller, admission.operation, nowMs), nowMs);
    },
    end: () => limiter.release(admission, clock.now()),
  };
}
