/** How the gateway turns away whoever may not ask any more. It reads standings, and sets none. */
import type { Caller } from "../accounts/caller.ts";
import type { Refusal } from "./refusal.ts";

/** What the gateway has to know of a standing. */
export interface Barred {
  readonly state: "suspended" | "banned";
  readonly reason: string;
  readonly evidenceUrl: string | null;
  /** Null: until it is lifted. */
  readonly untilMs: number | null;
}

/** Asked for every request, from memory. `address`: IPv4, or the /64 of IPv6. Null: in good standing. */
export type StandingOf = (caller: Caller, address: string) => Barred | null;

/** `appPath`: where an app sees its standing; below it lies where it appeals. */
export function barredRefusal({ state, reason, evidenceUrl, untilMs }: Barred, appPath: string): Refusal {
  const until = untilMs === null ? null : new Date(untilMs).toISOString();
  return {
    code: state,
    detail: `${state === "banned" ? "Banned" : "Suspended"}${until === null ? "" : ` until ${until}`}: ${reason}`,
    members: { reason, until, evidence_url: evidenceUrl ?? appPath, appeal_url: `${appPath}/appeals` },
  };
}
