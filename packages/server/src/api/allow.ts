import type { ErrorCode } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import { type Action, may, type Verdict } from "../accounts/may.ts";
import { Refusal } from "./problem.ts";

/** Returns if the caller may; throws the refusal that tells no more than the caller may know. */
export function allow(caller: Caller, action: Action): void {
  const verdict = may(caller, action);
  if (verdict !== "yes") throw new Refusal(CODES[verdict]);
}

const CODES = {
  unauthenticated: "unauthenticated",
  forbidden: "forbidden",
  hidden: "not-found",
} as const satisfies Record<Exclude<Verdict, "yes">, ErrorCode>;
