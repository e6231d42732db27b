import { Type } from "typebox";
import type { Standing } from "../../governance/standing.ts";
import type { AuditEntry } from "../../governance/standing-store.ts";
import { closed, nullable, Time, timeOf } from "../schemas.ts";

const State = Type.Enum(["suspended", "banned"]);

export const StandingShape = closed(
  {
    subject: Type.String({
      description: "Whom it is about: `user:ID`, `app:ID`, `grant:ID` or `address:ADDRESS` (IPv6: its /64)",
    }),
    state: State,
    reason: Type.String(),
    evidence_url: nullable(Type.String()),
    since: Time,
    until: nullable({ ...Time, description: "When it ends by itself; null until it is lifted" }),
  },
  { $id: "Standing", description: "What somebody may not do any more" },
);

export const AuditEntryShape = closed(
  {
    sequence: Type.Integer(),
    at: Time,
    action: Type.String({ description: "`standing.set` or `standing.lifted`" }),
    subject: Type.String(),
    before: nullable(StandingOnce()),
    after: nullable(StandingOnce()),
  },
  { $id: "AuditEntry", description: "One change, kept for good" },
);

function StandingOnce() {
  const { $id: _, ...shape } = StandingShape as typeof StandingShape & { readonly $id: string };
  return shape as typeof StandingShape;
}

export const StandingBody = closed({
  state: State,
  reason: Type.String({
    minLength: 1,
    maxLength: 1_000,
    pattern: "^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$",
    description: "text without control characters; whoever it is about reads it",
  }),
  evidence_url: Type.Optional(
    nullable(
      Type.String({
        maxLength: 2_048,
        pattern: "^https?://[\\x21-\\x7e]+$",
        description: "an http or https URL where it can be seen why",
      }),
    ),
  ),
  until: Type.Optional(
    nullable(
      Type.String({ format: "date-time", description: "When it ends by itself; never if it is left out" }),
    ),
  ),
});

export function standingShape({ subject, state, reason, evidenceUrl, sinceMs, untilMs }: Standing) {
  return {
    subject,
    state,
    reason,
    evidence_url: evidenceUrl,
    since: timeOf(sinceMs),
    until: untilMs === null ? null : timeOf(untilMs),
  };
}

export function auditShape({ sequence, atMs, action, subject, before, after }: AuditEntry) {
  return {
    sequence,
    at: timeOf(atMs),
    action,
    subject,
    before: before && standingShape(before),
    after: after && standingShape(after),
  };
}
