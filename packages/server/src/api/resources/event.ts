import { type Static, Type } from "typebox";
import type { EventTerms } from "../../webhooks/event-type.ts";
import type { Receipt } from "../../webhooks/new-event.ts";
import type { EventRequest } from "../../webhooks/publish.ts";
import { closed, GivenId, Id, ProblemShape, refer } from "../schemas.ts";
import { EventTypeName } from "./event-type.ts";

export const EVENT_BYTES_MAX = 256 * 1024;
export const BATCH_EVENTS_MAX = 1_000;
/** A thousand events of 16 KiB each. */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024;
export const EVENT_USERS_MAX = 10_000;
export const EVENT_GROUPS_MAX = 1_000;
export const EVENT_EXPIRES_S_MAX = 31 * 24 * 3_600;

export const EventBody = closed({
  id: Type.Optional(GivenId),
  type: EventTypeName,
  users: Type.Optional(Type.Array(GivenId, { maxItems: EVENT_USERS_MAX })),
  groups: Type.Optional(Type.Array(GivenId, { maxItems: EVENT_GROUPS_MAX })),
  data: Type.Record(Type.String(), Type.Unknown()),
  key: Type.Optional(GivenId),
  expires_in_s: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: EVENT_EXPIRES_S_MAX,
      description: "After so many seconds it is no longer worth sending: what still waits then is `expired`",
    }),
  ),
});

/** Each event is looked at on its own, so that one bad one does not hold up the others. */
export const BatchBody = closed({
  events: Type.Array(Type.Unknown(), { minItems: 1, maxItems: BATCH_EVENTS_MAX }),
});

const receiptMembers = {
  id: Id,
  deliveries: Type.Integer({ description: "How many deliveries were made" }),
  unknown: Type.Optional(Type.Array(Type.String(), { description: "Users and groups that are not known" })),
};

export const ReceiptShape = closed(receiptMembers, { $id: "Receipt" });

export const BatchShape = closed(
  {
    results: Type.Array(
      Type.Union([
        closed({ status: Type.Literal(202), ...receiptMembers }),
        closed({ status: Type.Integer({ minimum: 400 }), problem: refer(ProblemShape) }),
      ]),
      { description: "One for each event, in order" },
    ),
  },
  { $id: "BatchResults" },
);

export function receiptShape({ id, deliveries, unknown }: Receipt): Static<typeof ReceiptShape> {
  return { id, deliveries, ...(unknown.length > 0 ? { unknown: [...unknown] } : {}) };
}

export function eventRequestOf(
  { id, type, users, groups, data, key, expires_in_s }: Static<typeof EventBody>,
  idempotencyKey: string | null,
  terms?: EventTerms,
): EventRequest {
  return {
    id: id ?? null,
    idempotencyKey,
    type,
    users: users ?? [],
    groups: groups ?? [],
    data,
    ...(terms === undefined ? {} : { terms }),
    key: key ?? null,
    expiresInS: expires_in_s ?? null,
  };
}
