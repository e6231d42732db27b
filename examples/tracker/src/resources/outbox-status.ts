import { Type } from "typebox";
import { guarded } from "../access.ts";
import type { TrackerDeps } from "../change.ts";
import { refusedCalls, waitingCount } from "../outbox.ts";
import { PageQuery, page } from "../pages.ts";
import type { TrackerApp } from "../server.ts";
import { Time } from "./fields.ts";

const RefusedCall = Type.Object({
  position: Type.Integer(),
  method: Type.String(),
  path: Type.String(),
  body: Type.Union([Type.String(), Type.Null()]),
  status: Type.Integer(),
  reason: Type.String(),
  refused_at: Time,
});

/** For whoever runs the tracker: what has not reached TruLinks yet, and what never will. */
export function addOutboxRoutes(app: TrackerApp, { db }: TrackerDeps): void {
  app.get(
    "/outbox",
    guarded(
      { kind: "operator" },
      {
        summary: "How many calls wait for TruLinks",
        tags: ["operator"],
        response: { 200: Type.Object({ waiting: Type.Integer() }) },
      },
    ),
    () => ({ waiting: waitingCount(db) }),
  );

  app.get(
    "/outbox/refused",
    guarded(
      { kind: "operator" },
      {
        summary: "Calls that TruLinks refused, with the reason",
        tags: ["operator"],
        querystring: PageQuery,
        response: { 200: Type.Array(RefusedCall) },
      },
    ),
    (request, reply) =>
      page(
        reply,
        request.query,
        (after, countMax) => refusedCalls(db, after, countMax),
        (call) => call.position,
      ),
  );
}
