import { type AppId, ID_CHANCE_BYTES, makeId, type UserId } from "@trulinks/protocol";
import { makeClientId, makeCredential } from "../../accounts/credentials.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { missing, orNotFound, Refusal } from "../problem.ts";
import {
  AppBody,
  AppChangeBody,
  AppShape,
  appShape,
  ClientSecretShape,
  NewAppShape,
} from "../resources/app.ts";
import { answers, closed, empty, GivenId, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

const tags = ["apps"];
const config = { resource: "App" };
const params = closed({ app: GivenId });
const shape = refer(AppShape);

export function appRoutes(api: Api, { accounts, clock, dice, log }: ProviderDeps): void {
  api.post("/v1/apps", createApp, async ({ body }, reply) => {
    const secret = makeCredential("client", dice);
    const app = await accounts.createApp(
      {
        id: makeId("app", clock.now(), dice.bytes(ID_CHANCE_BYTES)),
        name: body.name,
        owner: (body.owner as UserId | undefined) ?? null,
        contact: body.contact ?? null,
        clientId: makeClientId(dice),
        createdAtMs: clock.now(),
      },
      secret.hash,
    );
    if (app === "unknown-user") throw missing("App", "owner");
    return reply.code(201).send({ ...appShape(app), client_secret: secret.text.reveal() });
  });

  api.get("/v1/apps", listApps, async (request, reply) => {
    const page = await accounts.listApps(pageRequestOf(request.query, "apps"));
    return sendPage(request, reply, { page, list: "apps", show: appShape });
  });

  api.get("/v1/apps/:app", getApp, async ({ params }) =>
    appShape(orNotFound(await accounts.findApp(params.app as AppId))),
  );

  api.patch("/v1/apps/:app", changeApp, async ({ params, body }) => {
    const { name, contact } = body;
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(contact === undefined ? {} : { contact }),
    };
    return appShape(orNotFound(await accounts.changeApp(params.app as AppId, change)));
  });

  api.delete("/v1/apps/:app", deleteApp, async ({ params }, reply) => {
    const ended = orNotFound(await accounts.deleteApp(params.app as AppId, clock.now()));
    log.info("app.deleted", { app: params.app, ...ended });
    return reply.code(204).send();
  });

  api.post("/v1/apps/:app/secret", replaceClientSecret, async ({ params }) => {
    const app = orNotFound(await accounts.findApp(params.app as AppId));
    const secret = makeCredential("client", dice);
    if (!(await accounts.replaceClientSecret(app.id, secret.hash))) throw new Refusal("not-found");
    return { client_id: app.clientId, client_secret: secret.text.reveal() };
  });
}

const createApp = {
  config,
  schema: {
    operationId: "createApp",
    summary: "Create an app",
    description: "The client secret is shown this once.",
    tags,
    body: AppBody,
    response: answers({ 201: json("The app with its client secret", refer(NewAppShape)) }),
  },
};

const listApps = {
  config,
  schema: {
    operationId: "listApps",
    summary: "List apps",
    description: "By id, ascending: in the order in which they were made.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Apps", listOf(shape, "Apps")) }),
  },
};

const getApp = {
  config,
  schema: {
    operationId: "getApp",
    summary: "Show an app",
    description: "Without its client secret, of which only a hash is kept.",
    tags,
    params,
    response: answers({ 200: json("The app", shape) }, "not-found"),
  },
};

const changeApp = {
  config,
  schema: {
    operationId: "changeApp",
    summary: "Change an app",
    description: "Members that are left out stay as they are.",
    tags,
    params,
    body: AppChangeBody,
    response: answers({ 200: json("The app", shape) }, "not-found"),
  },
};

const deleteApp = {
  config,
  schema: {
    operationId: "deleteApp",
    summary: "Delete an app",
    description:
      "In one step its grants are revoked, their tokens and its hooks end, and what waits is `revoked`.",
    tags,
    params,
    response: answers({ 204: empty("The app is gone") }, "not-found"),
  },
};

const replaceClientSecret = {
  config,
  schema: {
    operationId: "replaceClientSecret",
    summary: "Replace an app's client secret",
    description: "The old one is worth nothing from here on; the new one is shown this once.",
    tags,
    params,
    response: answers({ 200: json("The new secret", refer(ClientSecretShape)) }, "not-found"),
  },
};
