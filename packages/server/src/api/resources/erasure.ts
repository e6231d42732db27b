/** Erasures on the wire. */
import { type Static, Type } from "typebox";
import type { Erasure } from "../../webhooks/record-store.ts";
import { closed, Id, nullable, Time, timeOf } from "../schemas.ts";

export const ErasureShape = closed(
  {
    id: Id,
    user: Type.String(),
    state: Type.Enum(["running", "done"]),
    events: Type.Integer({
      description: "Whose data is gone; those about others, too, lose it with the last of them",
    }),
    deliveries: Type.Integer({
      description: "That lost what they sent and were answered; their records stay",
    }),
    attempts: Type.Integer({ description: "Of which something was kept" }),
    started_at: Time,
    ended_at: nullable(Time),
  },
  { $id: "Erasure", description: "The receipt of an erasure: what has ended so far" },
);

export function erasureShape(erasure: Erasure): Static<typeof ErasureShape> {
  return {
    id: erasure.id,
    user: erasure.userId,
    state: erasure.endedAtMs === null ? "running" : "done",
    events: erasure.events,
    deliveries: erasure.deliveries,
    attempts: erasure.attempts,
    started_at: timeOf(erasure.startedAtMs),
    ended_at: erasure.endedAtMs === null ? null : timeOf(erasure.endedAtMs),
  };
}
