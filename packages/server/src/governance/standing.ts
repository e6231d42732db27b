/** What somebody may still do, and whose standing bears on a request. Pure. */
import { GIVEN_ID_PATTERN } from "@trulinks/protocol";
import { networkOf, plainAddress } from "../base/network-address.ts";

/**
 * Whom a standing is about, written as its kind and its id: `user:ada`, `app:app_1`, `grant:grn_1`, `address:192.0.2.1`.
 * Of an IPv6 address it is the /64, as for quotas: `address:2001:db8:1:2::/64`.
 */
export type Subject = string & { readonly subject: true };

export interface Standing {
  readonly subject: Subject;
  readonly state: "suspended" | "banned";
  /** For whoever it is about. */
  readonly reason: string;
  /** Where it can be seen why; null: nowhere but in the reason. */
  readonly evidenceUrl: string | null;
  readonly sinceMs: number;
  /** Null: until it is lifted. */
  readonly untilMs: number | null;
}

const ID = new RegExp(GIVEN_ID_PATTERN);

/** Null: the text is no subject. What is the same subject gives the same. */
export function parseSubject(text: string): Subject | null {
  const [, kind, id = ""] = /^(user|app|grant|address):(.+)$/s.exec(text) ?? [];
  if (kind === undefined) return null;
  if (kind !== "address") return ID.test(id) ? (text as Subject) : null;
  const address = plainAddress(id.replace(/\/64$/, ""));
  const isNetwork = id.endsWith("/64");
  if (address === null || (isNetwork && !address.includes(":"))) return null;
  return subjectOfAddress(networkOf(address));
}

/** `address`: IPv4, or the /64 of IPv6. */
export function subjectOfAddress(address: string): Subject {
  return `address:${address}` as Subject;
}

/** Who sends a request, as far as standings go. */
export interface Sender {
  readonly userId?: string;
  readonly appId?: string;
  readonly grantId?: string;
  /** IPv4, or the /64 of IPv6. */
  readonly address: string;
}

/** Everybody whose standing bears on what a sender asks: one that is banned is enough. */
export function subjectsOf({ userId, appId, grantId, address }: Sender): readonly Subject[] {
  const subjects = [subjectOfAddress(address)];
  if (userId !== undefined) subjects.push(`user:${userId}` as Subject);
  if (appId !== undefined) subjects.push(`app:${appId}` as Subject);
  if (grantId !== undefined) subjects.push(`grant:${grantId}` as Subject);
  return subjects;
}

export function isOver({ untilMs }: Standing, nowMs: number): boolean {
  return untilMs !== null && untilMs <= nowMs;
}

/** The one that says most: a ban before a suspension, and of two the one that ends later. */
export function graver(one: Standing | null, other: Standing): Standing {
  if (one === null) return other;
  if (one.state !== other.state) return one.state === "banned" ? one : other;
  return (one.untilMs ?? Number.POSITIVE_INFINITY) >= (other.untilMs ?? Number.POSITIVE_INFINITY)
    ? one
    : other;
}
