import {
  type AppId,
  type GrantId,
  ID_CHANCE_BYTES,
  makeId,
  type TokenId,
  type UserId,
} from "@trulinks/protocol";
import { Type } from "typebox";
import { makeCredential } from "../../accounts/credentials.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { missing, orNotFound, Refusal } from "../problem.ts";
import { NewTokenShape, TokenBody, TokenShape, tokenShape } from "../resources/token.ts";
import { answers, closed, empty, GivenId, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

const tags = ["tokens"];
const config = { resource: "Token" };
const params = closed({ token: GivenId });
const shape = refer(TokenShape);

export function tokenRoutes(api: Api, { accounts, clock, dice }: ProviderDeps): void {
  api.post("/v1/tokens", createToken, async ({ body }, reply) => {
    const nowMs = clock.now();
    const { text, hash } = makeCredential(body.app === undefined ? "user" : "grant", dice);
    const made = await accounts.createToken({
      id: makeId("token", nowMs, dice.bytes(ID_CHANCE_BYTES)),
      hash,
      userId: body.user as UserId,
      appId: (body.app as AppId | undefined) ?? null,
      newGrantId: makeId("grant", nowMs, dice.bytes(ID_CHANCE_BYTES)),
      scopes: body.scopes ?? null,
      nowMs,
      expiresAtMs: body.expires_in_s === undefined ? null : nowMs + body.expires_in_s * 1_000,
    });
    if (made.kind === "unknown-user") throw missing("Token", "user");
    if (made.kind === "unknown-app") throw missing("Token", "app");
    return reply.code(201).send({ ...tokenShape(made.token), token: text.reveal() });
  });

  api.get("/v1/tokens", listTokens, async (request, reply) => {
    const { user, grant } = request.query;
    const filter = {
      ...(user === undefined ? {} : { userId: user as UserId }),
      ...(grant === undefined ? {} : { grantId: grant as GrantId }),
    };
    const page = await accounts.listTokens(filter, pageRequestOf(request.query, "tokens"), clock.now());
    return sendPage(request, reply, { page, list: "tokens", show: tokenShape });
  });

  api.get("/v1/tokens/:token", getToken, async ({ params }) =>
    tokenShape(orNotFound(await accounts.findToken(params.token as TokenId, clock.now()))),
  );

  api.delete("/v1/tokens/:token", revokeToken, async ({ params }, reply) => {
    if (!(await accounts.revokeToken(params.token as TokenId))) throw new Refusal("not-found");
    return reply.code(204).send();
  });
}

const createToken = {
  config,
  schema: {
    operationId: "createToken",
    summary: "Create a token",
    description:
      "With `app` it belongs to the grant, which is made if there is none; without, it is a personal token. Its text is shown this once.",
    tags,
    body: TokenBody,
    response: answers({ 201: json("The token with its text", refer(NewTokenShape)) }),
  },
};

const listTokens = {
  config,
  schema: {
    operationId: "listTokens",
    summary: "List live tokens",
    description: "By id, ascending; only those of a user or a grant if one is named. Never their texts.",
    tags,
    querystring: closed({ ...PAGE_QUERY, user: Type.Optional(GivenId), grant: Type.Optional(GivenId) }),
    response: answers({ 200: json("Tokens", listOf(shape, "Tokens")) }),
  },
};

const getToken = {
  config,
  schema: {
    operationId: "getToken",
    summary: "Show a token",
    description: "A revoked or expired token is not found. Its text is not shown again.",
    tags,
    params,
    response: answers({ 200: json("The token", shape) }, "not-found"),
  },
};

const revokeToken = {
  config,
  schema: {
    operationId: "revokeToken",
    summary: "Revoke a token",
    description: "The token is worth nothing from here on; its grant stays.",
    tags,
    params,
    response: answers({ 204: empty("The token is revoked") }, "not-found"),
  },
};
