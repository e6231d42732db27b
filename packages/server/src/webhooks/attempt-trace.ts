/** What an attempt needs to be followed by whoever traces; without it the event's own trace goes on as it came. */
import type { Trace } from "../base/trace-context.ts";
import type { Claim } from "./claim.ts";
import type { Outcome } from "./outcome.ts";
import type { Next } from "./retry.ts";

/** Called when the attempt begins. Neither this nor `end` throws. */
export type TraceAttempt = (claim: Claim) => AttemptTrace;

export interface AttemptTrace {
  /** The attempt's own place in the trace of its event: what the receiver is told. */
  readonly trace: Trace;
  end(outcome: Outcome, next: Next["kind"]): void;
}

/** The claim as it is sent while it is followed. */
export function claimUnder(followed: AttemptTrace | undefined, claim: Claim): Claim {
  if (followed === undefined) return claim;
  return { ...claim, event: { ...claim.event, trace: followed.trace } };
}
