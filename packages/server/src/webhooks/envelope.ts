/**
 * What stands in a delivery: the exact bytes of its body, the same on every attempt to a hook that stays as secured as
 * it was, and its headers. Hooks with
 * GitHub's signature get GitHub's shape, so that receivers written for GitHub work unchanged.
 */
import {
  type AsymmetricSigner,
  HEADERS,
  parseSecret,
  sign,
  signGithub,
  type UserId,
} from "@trulinks/protocol";
import { traceHeaders } from "../base/trace-context.ts";
import type { Claim, ClaimedEvent } from "./claim.ts";
import type { Hook } from "./hook.ts";
import { type Shown, show, type View, viewWhenSent } from "./view.ts";

export interface BodyParts {
  readonly event: ClaimedEvent;
  readonly hook: Pick<Hook, "id" | "signature">;
  /** Whom the event concerns; null for a ping. */
  readonly userId: UserId | null;
  /** Null for a ping. */
  readonly sequence: number | null;
  /** What of the data is sent; null: all of it. */
  readonly view: View | null;
}

export interface Message {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** What of the event's data is in the body; null: all of it. */
  readonly view: View | null;
}

/** What of a delivery stands in its message. */
export type Sendable = Pick<Claim, "deliveryId" | "attempt" | "event" | "hook" | "user" | "sequence">;

export interface Signing {
  /** The live ones, newest first; at least one. */
  readonly secrets: readonly string[];
  /** Signs the standard form, too, and comes last, after what every receiver understands. */
  readonly signer: AsymmetricSigner | null;
  readonly nowMs: number;
}

/** As it is posted now. */
export function composeMessage(
  claim: Claim,
  secrets: readonly string[],
  nowMs: number,
  signer: AsymmetricSigner | null = null,
): Promise<Message> {
  const view = viewWhenSent(claim.view, claim.event.sensitive, claim.hook);
  return composeSeen(claim, view, { secrets, signer, nowMs });
}

/** As it is under a view. */
export async function composeSeen(sendable: Sendable, view: View | null, signing: Signing): Promise<Message> {
  const { event, hook, user, sequence } = sendable;
  if (signing.secrets.length === 0) throw new Error(`${hook.id} has no live secret.`);
  const body = composeBody({ event, hook, userId: user?.id ?? null, sequence, view });
  const signature =
    hook.signature === "github"
      ? await githubHeaders(sendable, signing.secrets, body)
      : await standardHeaders(sendable, signing, body);
  return { headers: [...platformHeaders(sendable), ...signature], body, view };
}

/** The exact bytes that are posted, and signed. */
export function composeBody(parts: BodyParts): Uint8Array {
  const shown = show(parts.event.data, parts.view);
  const text =
    parts.hook.signature === "github" ? githubBody(parts.event, shown.data) : standardBody(parts, shown);
  // Small ones share a piece of memory: one of their own for each cost twice as much to make and to give up.
  return Buffer.from(text);
}

function standardBody({ event, hook, userId, sequence }: BodyParts, { data, masked }: Shown): string {
  const head = {
    id: event.id,
    type: event.type,
    action: event.action,
    timestamp: new Date(event.atMs).toISOString(),
    hook: hook.id,
    ...(sequence === null ? {} : { sequence }),
    ...(userId === null ? {} : { user: userId }),
    ...(masked.length === 0 ? {} : { masked }),
    ...(event.isTest === true ? { test: true } : {}),
  };
  return `${JSON.stringify(head).slice(0, -1)},"data":${data}}`;
}

// What is masked is null here as well; this form has no place to say so.
function githubBody({ type, action }: ClaimedEvent, data: string): string {
  // GitHub's own events of one word, such as ping and push, have no action either.
  if (!type.includes(".")) return data;
  const { action: _, ...members } = (JSON.parse(data) ?? {}) as Readonly<Record<string, unknown>>;
  return JSON.stringify({ action, ...members });
}

function platformHeaders({ deliveryId, event, hook, user, attempt, sequence }: Sendable): Message["headers"] {
  return [
    ["Content-Type", "application/json"],
    ["User-Agent", "TruLinks-Webhooks"],
    [HEADERS.event, event.type],
    [HEADERS.delivery, deliveryId],
    [HEADERS.hook, hook.id],
    ...(user === null ? [] : [[HEADERS.hookUser, user.id] as const]),
    [HEADERS.attempt, String(attempt)],
    ...(sequence === null ? [] : [[HEADERS.sequence, String(sequence)] as const]),
    ...(event.isTest === true ? [[HEADERS.test, "true"] as const] : []),
    ...traceHeaders(event.trace),
  ];
}

async function standardHeaders(
  { deliveryId, hook }: Sendable,
  { secrets, signer, nowMs }: Signing,
  body: Uint8Array,
): Promise<Message["headers"]> {
  const keys = secrets.map((secret) => {
    const key = parseSecret(secret);
    if (key === null) throw new Error(`A secret of ${hook.id} is not of the standard form.`);
    return key;
  });
  const message = { id: deliveryId, timestampS: Math.floor(nowMs / 1_000), body };
  const signature = await sign(keys, message);
  return [
    [HEADERS.webhookId, deliveryId],
    [HEADERS.webhookTimestamp, String(message.timestampS)],
    [HEADERS.webhookSignature, signer === null ? signature : `${signature} ${await signer.sign(message)}`],
  ];
}

/** GitHub has one secret per hook at a time, so only the newest signs. */
async function githubHeaders(
  { deliveryId, event }: Sendable,
  [newest = ""]: readonly string[],
  body: Uint8Array,
): Promise<Message["headers"]> {
  const lastDot = event.type.lastIndexOf(".");
  return [
    [HEADERS.githubEvent, lastDot === -1 ? event.type : event.type.slice(0, lastDot)],
    [HEADERS.githubDelivery, deliveryId],
    [HEADERS.githubSignature, await signGithub(newest, body)],
  ];
}
