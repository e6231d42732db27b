import { type AppId, type GrantId, ID_CHANCE_BYTES, makeId, type UserId } from "@trulinks/protocol";
import { Type } from "typebox";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { missing, orNotFound } from "../problem.ts";
import { GrantBody, GrantChangeBody, GrantShape, grantShape } from "../resources/grant.ts";
import { answers, closed, empty, GivenId, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

const tags = ["grants"];
const config = { resource: "Grant" };
const params = closed({ grant: GivenId });
const shape = refer(GrantShape);

export function grantRoutes(api: Api, { accounts, clock, dice, log }: ProviderDeps): void {
  api.post("/v1/grants", createGrant, async ({ body }, reply) => {
    const granted = await accounts.grant({
      id: makeId("grant", clock.now(), dice.bytes(ID_CHANCE_BYTES)),
      userId: body.user as UserId,
      appId: body.app as AppId,
      scopes: body.scopes ?? null,
      nowMs: clock.now(),
    });
    if (granted.kind === "unknown-user") throw missing("Grant", "user");
    if (granted.kind === "unknown-app") throw missing("Grant", "app");
    return reply.code(granted.kind === "made" ? 201 : 200).send(grantShape(granted.grant));
  });

  api.get("/v1/grants", listGrants, async (request, reply) => {
    const { user, app } = request.query;
    const filter = {
      ...(user === undefined ? {} : { userId: user as UserId }),
      ...(app === undefined ? {} : { appId: app as AppId }),
    };
    const page = await accounts.listGrants(filter, pageRequestOf(request.query, "grants"));
    return sendPage(request, reply, { page, list: "grants", show: grantShape });
  });

  api.get("/v1/grants/:grant", getGrant, async ({ params }) =>
    grantShape(orNotFound(await accounts.findGrant(params.grant as GrantId))),
  );

  api.patch("/v1/grants/:grant", changeGrant, async ({ params, body }) =>
    grantShape(orNotFound(await accounts.changeGrant(params.grant as GrantId, body.scopes))),
  );

  api.delete("/v1/grants/:grant", revokeGrant, async ({ params }, reply) => {
    const ended = orNotFound(await accounts.revokeGrant(params.grant as GrantId, clock.now()));
    log.info("grant.revoked", { grant: params.grant, by: "operator", ...ended });
    return reply.code(204).send();
  });
}

const createGrant = {
  config,
  schema: {
    operationId: "createGrant",
    summary: "Let an app act for a user",
    description: "The same pair again is the same grant; its scopes are replaced if some are given.",
    tags,
    body: GrantBody,
    response: answers({
      200: json("The grant that was there", shape),
      201: json("The grant, made", shape),
    }),
  },
};

const listGrants = {
  config,
  schema: {
    operationId: "listGrants",
    summary: "List live grants",
    description: "By id, ascending; only those of a user, an app or both if they are named.",
    tags,
    querystring: closed({ ...PAGE_QUERY, user: Type.Optional(GivenId), app: Type.Optional(GivenId) }),
    response: answers({ 200: json("Grants", listOf(shape, "Grants")) }),
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
    response: answers({ 200: json("The grant", shape) }, "not-found"),
  },
};

const changeGrant = {
  config,
  schema: {
    operationId: "changeGrant",
    summary: "Change a grant's scopes",
    description: "Its tokens keep of theirs what the grant still has.",
    tags,
    params,
    body: GrantChangeBody,
    response: answers({ 200: json("The grant", shape) }, "not-found"),
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
    response: answers({ 204: empty("The grant is revoked") }, "not-found"),
  },
};
