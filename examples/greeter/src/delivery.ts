/** What a delivery asks for, once its signature has been checked. Pure. */
import { actionOf, type Envelope } from "@trulinks/protocol";
import { memberOf } from "./trulinks.ts";

/** An issue to greet, in the name of the user whom the delivery concerns. */
export interface Greeting {
  readonly user: string;
  readonly project: number;
  readonly number: number;
  readonly author: string;
}

export type Reading =
  | { readonly kind: "ping" }
  | { readonly kind: "greet"; readonly greeting: Greeting }
  /** No envelope at all: 400. */
  | { readonly kind: "malformed"; readonly reason: string }
  /** Signed with the secret of another than it speaks of: 401. */
  | { readonly kind: "wrong-user" }
  /** An envelope that this program declines for good: 422. */
  | { readonly kind: "declined"; readonly reason: string };

/** `signer`: the user whose secret signed it, or null for the hook's own. */
export function readDelivery(body: Uint8Array, signer: string | null): Reading {
  const envelope = parseEnvelope(body);
  if (envelope === null) return { kind: "malformed", reason: "The body is no JSON object with a type." };
  // Without this, whoever holds one user's secret could speak for all the others.
  if ((envelope.user ?? null) !== signer) return { kind: "wrong-user" };
  const { type, action, user } = envelope;
  if (type === "ping") return { kind: "ping" };
  if (type !== "issue.opened" || action !== actionOf(type) || user === undefined) {
    return { kind: "declined", reason: `This app does not handle ${type} (${action}).` };
  }
  return readIssueOpened(user, envelope.data);
}

function readIssueOpened(user: string, data: unknown): Reading {
  const number = memberOf(memberOf(data, "issue"), "number");
  const author = memberOf(memberOf(data, "issue"), "author");
  const project = memberOf(memberOf(data, "project"), "id");
  if (!isCount(number)) return { kind: "declined", reason: "data.issue.number must be a positive integer." };
  if (!isCount(project)) return { kind: "declined", reason: "data.project.id must be a positive integer." };
  if (typeof author !== "string") return { kind: "declined", reason: "data.issue.author must be a string." };
  return { kind: "greet", greeting: { user, project, number, author } };
}

function parseEnvelope(body: Uint8Array): Envelope | null {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return typeof memberOf(parsed, "type") === "string" ? (parsed as Envelope) : null;
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
