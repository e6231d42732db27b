import type { AppId, UserId } from "@trulinks/protocol";
import { Type } from "typebox";
import type { HookOwner } from "../../webhooks/hook.ts";
import { changeHook, deleteHook, getHook, hookParams } from "../hook-operations.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { flaw, orNotFound, Refusal } from "../problem.ts";
import {
  changedHook,
  HookSecretShape,
  HookShape,
  hookIdOf,
  NewHookShape,
  newHookShape,
  PingShape,
  pingShape,
} from "../resources/hook.ts";
import { hookBodyMembers, hookChangeOf, hookRequestOf } from "../resources/hook-body.ts";
import { answers, closed, GivenId, json, refer } from "../schemas.ts";
import { showHook, showHooks } from "../shown-hooks.ts";
import type { ProviderDeps } from "./app.ts";

const tags = ["hooks"];
const config = { resource: "Hook" };
const shape = refer(HookShape);

const ownerMembers = { user: Type.Optional(GivenId), app: Type.Optional(GivenId) };

export function hookRoutes(api: Api, { hooks, webhooks, backlog }: ProviderDeps): void {
  api.post("/v1/hooks", createHook, async ({ body }, reply) => {
    const owner = ownerOf(body);
    if (owner === null) {
      const message = "Name exactly one of user and app.";
      throw flaw({ resource: "Hook", field: "user", code: "missing_field", message });
    }
    const created = await hooks.create(hookRequestOf(owner, body), "operator");
    return reply.code(201).send(newHookShape(created, owner));
  });

  api.get("/v1/hooks", listHooks, async (request, reply) => {
    const owner = ownerOf(request.query);
    if (owner === null && request.query.user !== undefined) {
      const message = "Name user or app, not both.";
      throw flaw({ resource: "Hook", field: "app", code: "invalid", message, pointer: "#/query/app" });
    }
    const page = await webhooks.listHooks(owner, pageRequestOf(request.query, "hooks"));
    const show = await showHooks(backlog, page.items);
    return sendPage(request, reply, { page, list: "hooks", show });
  });

  api.get("/v1/hooks/:hook", getHook, async ({ params }) =>
    showHook(backlog, orNotFound(await webhooks.findHook(hookIdOf(params)))),
  );

  api.patch("/v1/hooks/:hook", changeHook(), async ({ params, body }) => {
    const changed = await hooks.change(hookIdOf(params), hookChangeOf(body), "operator");
    return showHook(backlog, changedHook(changed));
  });

  api.delete("/v1/hooks/:hook", deleteHook(), async ({ params }, reply) => {
    if (!(await hooks.remove(hookIdOf(params)))) throw new Refusal("not-found");
    return reply.code(204).send();
  });

  api.post("/v1/hooks/:hook/pings", pingHook, async ({ params }, reply) => {
    const pinged = await hooks.ping(hookIdOf(params), "operator");
    return reply.code(202).send(pingShape(pinged));
  });

  api.post("/v1/hooks/:hook/secret", rotateHookSecret, async ({ params }) => {
    const secret = orNotFound(await hooks.rotateSecret(hookIdOf(params)));
    return { secret: secret.reveal() };
  });
}

const createHook = {
  config: { ...config, exactNumbers: "refused" as const },
  schema: {
    operationId: "createHook",
    summary: "Create a hook",
    description: "Exactly one of `user` and `app` owns it. It starts active; its secret is shown this once.",
    tags,
    body: closed({ ...ownerMembers, ...hookBodyMembers }),
    response: answers(
      { 201: json("The hook with its secret", refer(NewHookShape)) },
      "url-refused",
      "too-many",
    ),
  },
};

const listHooks = {
  config,
  schema: {
    operationId: "listHooks",
    summary: "List hooks",
    description: "By id, ascending; only those of a user or of an app if one is named.",
    tags,
    querystring: closed({ ...PAGE_QUERY, ...ownerMembers }),
    response: answers({ 200: json("Hooks", listOf(shape, "Hooks")) }),
  },
};

const pingHook = {
  config,
  schema: {
    operationId: "pingHook",
    summary: "Ping a hook",
    description: "Sends a signed event of type `ping`, whatever the hook's state unless it is disabled.",
    tags,
    params: hookParams,
    response: answers({ 202: json("The ping is under way", refer(PingShape)) }, "not-found"),
  },
};

const rotateHookSecret = {
  config,
  schema: {
    operationId: "rotateHookSecret",
    summary: "Rotate a hook's secret",
    description: "The old one signs beside it for 24 h.",
    tags,
    params: hookParams,
    response: answers({ 200: json("The new secret", refer(HookSecretShape)) }, "not-found"),
  },
};

/** Null unless exactly one is named. */
function ownerOf({ user, app }: { readonly user?: string; readonly app?: string }): HookOwner | null {
  if (user !== undefined) return app === undefined ? { kind: "user", userId: user as UserId } : null;
  return app === undefined ? null : { kind: "app", appId: app as AppId };
}
