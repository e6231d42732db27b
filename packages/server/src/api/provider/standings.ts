import { Type } from "typebox";
import type { Clock } from "../../base/clock.ts";
import { parseSubject, type Subject } from "../../governance/standing.ts";
import type { StandingStore } from "../../governance/standing-store.ts";
import { STANDINGS_MAX, type Standings } from "../../governance/standings.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { flaw, orNotFound, Refusal } from "../problem.ts";
import {
  AuditEntryShape,
  auditShape,
  StandingBody,
  StandingShape,
  standingShape,
} from "../resources/standing.ts";
import { answers, closed, empty, json, refer } from "../schemas.ts";

export interface StandingDeps {
  readonly standings: StandingStore;
  /** Makes what was changed hold in this process at once. */
  readonly refreshStandings: Standings["refresh"];
  readonly clock: Pick<Clock, "now">;
}

const tags = ["standings"];
const config = { resource: "Standing" };
const params = closed({ subject: Type.String({ minLength: 1, maxLength: 200 }) });

export function standingRoutes(api: Api, { standings, refreshStandings, clock }: StandingDeps): void {
  api.get("/v1/standings", listStandings, async (request, reply) => {
    const page = await standings.listStandings(pageRequestOf(request.query, "standings"), clock.now());
    return sendPage(request, reply, { page, list: "standings", show: standingShape });
  });

  api.get("/v1/standings/:subject", getStanding, async ({ params }) =>
    standingShape(orNotFound(await standings.findStanding(subjectOf(params.subject), clock.now()))),
  );

  api.put("/v1/standings/:subject", putStanding, async ({ params, body }, reply) => {
    const { state, reason, evidence_url: evidenceUrl = null, until = null } = body;
    const subject = subjectOf(params.subject);
    const sinceMs = clock.now();
    const untilMs = until === null ? null : endOf(until, sinceMs);
    const given = { subject, state, reason, evidenceUrl, sinceMs, untilMs };
    const put = await standings.putStanding({ ...given, standingsMax: STANDINGS_MAX });
    if (put.kind === "too-many") {
      throw new Refusal("too-many", { detail: `There are ${STANDINGS_MAX} standings already.` });
    }
    await refreshStandings();
    return reply.code(put.isNew ? 201 : 200).send(standingShape(put.standing));
  });

  api.delete("/v1/standings/:subject", liftStanding, async ({ params }, reply) => {
    if (!(await standings.liftStanding(subjectOf(params.subject), clock.now())))
      throw new Refusal("not-found");
    await refreshStandings();
    return reply.code(204).send();
  });

  api.get("/v1/audit", listAudit, async (request, reply) => {
    const page = await standings.listAudit(pageRequestOf(request.query, "audit"));
    return sendPage(request, reply, { page, list: "audit", show: auditShape });
  });
}

function subjectOf(text: string): Subject {
  const subject = parseSubject(text);
  if (subject !== null) return subject;
  const message = "subject must be user:ID, app:ID, grant:ID or address:ADDRESS.";
  throw flaw({ resource: "Standing", field: "subject", code: "invalid", message, pointer: "#/path/subject" });
}

function endOf(text: string, nowMs: number): number {
  const untilMs = Date.parse(text);
  // The format lets through what is no time, such as a leap second.
  if (untilMs > nowMs) return untilMs;
  const message = "until must be a time to come, such as 2030-01-01T00:00:00.000Z.";
  throw flaw({ resource: "Standing", field: "until", code: "invalid", message });
}

const shape = refer(StandingShape);

const listStandings = {
  config,
  schema: {
    operationId: "listStandings",
    summary: "List standings",
    description: "Whoever is suspended or banned, by subject, ascending; those that are over are left out.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Standings", listOf(shape, "Standings")) }),
  },
};

const getStanding = {
  config,
  schema: {
    operationId: "getStanding",
    summary: "Show a subject's standing",
    description: "Whoever is in good standing has none and is not found.",
    tags,
    params,
    response: answers({ 200: json("The standing", shape) }, "not-found"),
  },
};

const putStanding = {
  config,
  schema: {
    operationId: "putStanding",
    summary: "Suspend or ban a subject",
    description:
      "A user, an app, a grant or an address: `user:ada`, `app:app_1`, `grant:grn_1`, `address:192.0.2.1`. From the next request on the gateway refuses it with 403 and the reason; other nodes know within a second.",
    tags,
    params,
    body: StandingBody,
    response: answers({ 201: json("It is set", shape), 200: json("It is changed", shape) }, "too-many"),
  },
};

const liftStanding = {
  config,
  schema: {
    operationId: "liftStanding",
    summary: "Lift a subject's standing",
    description: "From the next request on it is heard again; other nodes know within a second.",
    tags,
    params,
    response: answers({ 204: empty("It is in good standing again") }, "not-found"),
  },
};

const listAudit = {
  config: { resource: "AuditEntry" },
  schema: {
    operationId: "listAudit",
    summary: "List what was changed",
    description: "Every change of a standing, newest first, with what was before.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Entries", listOf(refer(AuditEntryShape), "Entries")) }),
  },
};
