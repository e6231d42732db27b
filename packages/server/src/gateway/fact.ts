import type { ErrorCode } from "@trulinks/protocol";
import type { End } from "./ending.ts";

/** One request is over. What the gateway tells to whoever keeps count. */
export interface RequestFact {
  readonly kind: "requested";
  readonly outcome: End["kind"];
  /** With what it was refused; null where the upstream answered or the caller left. */
  readonly code: ErrorCode | null;
  /** Null: no answer was sent. */
  readonly status: number | null;
  readonly durationMs: number;
}
