import type { WaitingBecause } from "../webhooks/delivery.ts";
import type { HookState } from "../webhooks/hook.ts";
import type { NewPing } from "../webhooks/ping.ts";

/** Why a delivery for a hook in this state is kept; null if it is not. Only `disabled` keeps a ping. */
export function keptBecause(
  state: HookState,
  { isPing }: { readonly isPing: boolean },
): Extract<WaitingBecause, "hook-paused" | "hook-pending"> | null {
  switch (state) {
    case "active":
      return null;
    case "pending":
      return isPing ? null : "hook-pending";
    case "paused":
      return isPing ? null : "hook-paused";
    case "disabled":
      return "hook-paused";
    default:
      return state satisfies never;
  }
}

/** Whether a ping is stored for a hook in this state; a test only where the receiver has shown that it is there. */
export function isPingable(state: HookState, { example }: Pick<NewPing, "example">): boolean {
  return state !== "disabled" && (example === undefined || state !== "pending");
}
