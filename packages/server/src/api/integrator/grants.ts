import type { GrantId } from "@trulinks/protocol";
import type { FastifyRequest } from "fastify";
import { grantFilterOf } from "../../accounts/may.ts";
import type { Grant } from "../../accounts/store.ts";
import { allow } from "../allow.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { orNotFound } from "../problem.ts";
import { GrantShape, grantShape } from "../resources/grant.ts";
import { answers, closed, empty, GivenId, json, refer } from "../schemas.ts";
import type { IntegratorDeps } from "./app.ts";

const tags = ["grants"];
const config = { resource: "Grant" };
const params = closed({ grant: GivenId });
const shape = refer(GrantShape);

type GrantDeps = Pick<IntegratorDeps, "prefix" | "accounts" | "clock" | "log">;

export function grantRoutes(api: Api, { prefix, accounts, clock, log }: GrantDeps): void {
  api.get(`${prefix}/grants`, listGrants, async (request, reply) => {
    allow(request.caller, { verb: "read", thing: { kind: "grants" } });
    const filter = orNotFound(grantFilterOf(request.caller));
    const page = await accounts.listGrants(filter, pageRequestOf(request.query, "grants"));
    return sendPage(request, reply, { page, list: "grants", show: grantShape });
  });

  api.get(`${prefix}/grants/:grant`, getGrant, async (request) =>
    grantShape(await allowedGrant(accounts, request, "read")),
  );

  api.delete(`${prefix}/grants/:grant`, revokeGrant, async (request, reply) => {
    const { id } = await allowedGrant(accounts, request, "change");
    const ended = orNotFound(await accounts.revokeGrant(id, clock.now()));
    log.info("grant.revoked", { grant: id, by: request.caller.kind, ...ended });
    return reply.code(204).send();
  });
}

const listGrants = {
  config,
  schema: {
    operationId: "listGrants",
    summary: "List the caller's live grants",
    description: "By id, ascending: an app's, or a user's.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Grants", listOf(shape, "Grants")) }, "forbidden"),
  },
};

const getGrant = {
  config,
  schema: {
    operationId: "getGrant",
    summary: "Show a grant",
    description: "A revoked grant is not found.",
    tags,
    params,
    response: answers({ 200: json("The grant", shape) }, "not-found", "forbidden"),
  },
};

const revokeGrant = {
  config,
  schema: {
    operationId: "revokeGrant",
    summary: "Revoke a grant",
    description: "In one step its tokens end, nothing more is sent for it, and what waits is `revoked`.",
    tags,
    params,
    response: answers({ 204: empty("The grant is revoked") }, "not-found", "forbidden"),
  },
};

type GrantRequest = Pick<FastifyRequest, "caller"> & { readonly params: { readonly grant: string } };

async function allowedGrant(
  accounts: GrantDeps["accounts"],
  { caller, params }: GrantRequest,
  verb: "read" | "change",
): Promise<Grant> {
  // Asked first, so that whoever may not see grants at all is told the same of those that exist and those that do not.
  allow(caller, { verb: "read", thing: { kind: "grants" } });
  const { id, userId, appId, ...rest } = orNotFound(await accounts.findGrant(params.grant as GrantId));
  allow(caller, { verb, thing: { kind: "grant", userId, appId } });
  return { id, userId, appId, ...rest };
}
