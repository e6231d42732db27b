/** Deliveries on the wire, for both APIs. */
import type { AppId, EventId, HookId, UserId } from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import type { ClaimedEvent } from "../../webhooks/claim.ts";
import {
  type AttemptRecord,
  DELIVERED_BY,
  DELIVERY_STATES,
  type Exchange,
  PING,
  WAITING_BECAUSE,
} from "../../webhooks/delivery.ts";
import { composeBody } from "../../webhooks/envelope.ts";
import type { Delivery, DeliveryFilter, DeliveryReach } from "../../webhooks/store.ts";
import { PAGE_QUERY } from "../pages.ts";
import { flaw } from "../problem.ts";
import { closed, GivenId, Id, nullable, Time, timeOf } from "../schemas.ts";

const attemptMembers = {
  number: Type.Integer(),
  at: Time,
  outcome: Type.String({ description: "How it ended, from a closed list" }),
  status: nullable(Type.Integer({ description: "Of the answer; null where none came" })),
  guideline: nullable(Type.String({ description: "The guideline that it touches" })),
  timings: closed({
    dns_ms: nullable(Type.Number({ description: "To find its address; null where there was no need to" })),
    connect_ms: nullable(Type.Number({ description: "To connect; null where an open connection was used" })),
    tls_ms: nullable(Type.Number({ description: "The TLS handshake" })),
    first_byte_ms: nullable(Type.Number({ description: "Since the attempt began" })),
    total_ms: Type.Number({ description: "Since the attempt began" }),
  }),
};

const Headers = Type.Record(Type.String(), Type.String());

const members = {
  id: Id,
  event: Id,
  type: Type.String(),
  hook: Id,
  secured: nullable(
    Type.Boolean({
      description:
        "Whether its hook is reached by HTTPS with a verified certificate; null where that is gone",
    }),
  ),
  user: nullable(Type.String({ description: "Whom the event concerns" })),
  app: nullable(Type.String({ description: "The app that owns the hook" })),
  grant: nullable(Type.String({ description: "Under which it was made" })),
  sequence: nullable(Type.Integer({ description: "A number per hook without holes; a ping has none" })),
  test: Type.Boolean({ description: "An example that was asked for; it has no number" }),
  state: Type.Enum([...DELIVERY_STATES]),
  delivered_by: nullable(
    Type.Enum([...DELIVERED_BY], {
      description: "Posted to the receiver, or read and acknowledged in the feed; null unless delivered",
    }),
  ),
  because: nullable(Type.Enum([...WAITING_BECAUSE], { description: "Why it waits" })),
  due_at: nullable(Time),
  created_at: Time,
  key: nullable(Type.String({ description: "Under which a newer event takes its place while it waits" })),
  expires_at: nullable({ ...Time, description: "From then on it is no longer worth sending" }),
  payload_gone: Type.Boolean({
    description: "What was sent and answered is no longer kept, and it cannot be sent again",
  }),
  masked: Type.Array(Type.String(), { description: "JSON pointers into `data` of what was sent as null" }),
};

export const DeliveryShape = closed(
  { ...members, attempts: Type.Array(closed(attemptMembers)) },
  { $id: "Delivery" },
);

export const WholeDeliveryShape = closed(
  {
    ...members,
    attempts: Type.Array(
      closed({
        ...attemptMembers,
        request: nullable(closed({ headers: Headers, body: Type.String() })),
        answer: nullable(closed({ headers: Headers, body: nullable(Type.String()) })),
      }),
    ),
  },
  { $id: "WholeDelivery", description: "With what was sent and what was answered" },
);

export const DELIVERY_QUERY = closed({
  ...PAGE_QUERY,
  hook: Type.Optional(GivenId),
  user: Type.Optional(GivenId),
  app: Type.Optional(GivenId),
  type: Type.Optional(
    Type.String({ maxLength: 128, pattern: "^[a-z0-9_.]+$", description: "an event type" }),
  ),
  event: Type.Optional(GivenId),
  state: Type.Optional(Type.Enum([...DELIVERY_STATES])),
  status: Type.Optional(
    Type.Integer({ minimum: 100, maximum: 599, description: "Of the last attempt's answer" }),
  ),
  after: Type.Optional(Type.String({ format: "date-time", description: "Made after this time" })),
  before: Type.Optional(Type.String({ format: "date-time", description: "Made before this time" })),
});

export function deliveryFilterOf(reach: DeliveryReach, query: Static<typeof DELIVERY_QUERY>): DeliveryFilter {
  const { hook, user, app, type, event, state, status, after, before } = query;
  return {
    reach,
    ...(hook === undefined ? {} : { hookId: hook as HookId }),
    ...(user === undefined ? {} : { userId: user as UserId }),
    ...(app === undefined ? {} : { appId: app as AppId }),
    ...(type === undefined ? {} : { type }),
    ...(event === undefined ? {} : { eventId: event as EventId }),
    ...(state === undefined ? {} : { state }),
    ...(status === undefined ? {} : { status }),
    ...(after === undefined ? {} : { afterMs: timeMsOf(after, "after") }),
    ...(before === undefined ? {} : { beforeMs: timeMsOf(before, "before") }),
  };
}

// The format lets through what is no time, such as a leap second.
function timeMsOf(text: string, field: string): number {
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return timeMs;
  const message = `${field} must be a time such as 2026-11-23T08:00:00.000Z.`;
  throw flaw({ resource: "Delivery", field, code: "invalid", message, pointer: `#/query/${field}` });
}

export function deliveryShape(delivery: Delivery, isSecured: boolean | null): Static<typeof DeliveryShape> {
  return { ...ownShape(delivery, isSecured), attempts: delivery.attempts.map(attemptShape) };
}

export function wholeDeliveryShape(
  delivery: Delivery,
  event: ClaimedEvent | null,
  isSecured: boolean | null,
): Static<typeof WholeDeliveryShape> {
  const attempts = delivery.attempts.map((attempt) => ({
    ...attemptShape(attempt),
    ...exchangeShape(delivery, event, attempt.exchange),
  }));
  return { ...ownShape(delivery, isSecured), attempts };
}

function ownShape(
  delivery: Delivery,
  isSecured: boolean | null,
): Omit<Static<typeof DeliveryShape>, "attempts"> {
  return {
    id: delivery.id,
    event: delivery.eventId,
    type: delivery.type,
    hook: delivery.hookId,
    secured: isSecured,
    user: delivery.userId,
    app: delivery.hookOwner.kind === "app" ? delivery.hookOwner.appId : null,
    grant: delivery.grantId,
    sequence: delivery.sequence,
    test: delivery.sequence === null && delivery.type !== PING.type,
    state: delivery.state,
    delivered_by: delivery.deliveredBy,
    because: delivery.because,
    due_at: delivery.dueAtMs === null ? null : timeOf(delivery.dueAtMs),
    created_at: timeOf(delivery.createdAtMs),
    key: delivery.key,
    expires_at: delivery.expiresAtMs === null ? null : timeOf(delivery.expiresAtMs),
    payload_gone: delivery.isPayloadGone,
    masked: [...delivery.masked],
  };
}

type AttemptShape = Static<typeof DeliveryShape>["attempts"][number];

function attemptShape({ number, atMs, outcome, status, guideline, timings }: AttemptRecord): AttemptShape {
  const { dnsMs, connectMs, tlsMs, firstByteMs, totalMs } = timings;
  return {
    number,
    at: timeOf(atMs),
    outcome,
    status,
    guideline,
    timings: {
      dns_ms: dnsMs,
      connect_ms: connectMs,
      tls_ms: tlsMs,
      first_byte_ms: firstByteMs,
      total_ms: totalMs,
    },
  };
}

type ExchangeShape = Pick<Static<typeof WholeDeliveryShape>["attempts"][number], "request" | "answer">;

function exchangeShape(
  delivery: Delivery,
  event: ClaimedEvent | null,
  exchange: Exchange | null,
): ExchangeShape {
  if (exchange === null || event === null) return { request: null, answer: null };
  const { requestHeaders, answerHeaders, answerBody } = exchange;
  return {
    request: { headers: headersShape(requestHeaders), body: sentBody(delivery, event, exchange) },
    answer: answerHeaders === null ? null : { headers: headersShape(answerHeaders), body: answerBody },
  };
}

type HeaderPairs = Exchange["requestHeaders"];

// The body is not kept: it is composed again as it was then. The headers tell the shape, even when the hook is gone.
function sentBody(delivery: Delivery, event: ClaimedEvent, { requestHeaders, view }: Exchange): string {
  const isGithub = requestHeaders.some(([name]) => name.toLowerCase() === "x-hub-signature-256");
  const hook = { id: delivery.hookId, signature: isGithub ? "github" : "standard" } as const;
  const { userId, sequence } = delivery;
  return Buffer.from(composeBody({ event, hook, userId, sequence, view: view ?? null })).toString();
}

// `fromEntries` defines members instead of assigning them, so a receiver's header `__proto__` does no harm.
function headersShape(pairs: HeaderPairs): Readonly<Record<string, string>> {
  const joined = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(joined);
}
