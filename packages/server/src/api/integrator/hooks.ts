import type { FastifyRequest } from "fastify";
import { hookOwnerOf } from "../../accounts/may.ts";
import type { Hook } from "../../webhooks/hook.ts";
import { allow } from "../allow.ts";
import { changeHook, deleteHook, getHook, hookParams } from "../hook-operations.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { orNotFound, Refusal } from "../problem.ts";
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
import { HookBody, hookChangeOf, hookRequestOf } from "../resources/hook-body.ts";
import { answers, closed, json, refer } from "../schemas.ts";
import { showHook, showHooks } from "../shown-hooks.ts";
import type { IntegratorDeps } from "./app.ts";

const tags = ["hooks"];
const config = { resource: "Hook" };
const shape = refer(HookShape);

export type HookDeps = Pick<IntegratorDeps, "prefix" | "hooks" | "webhooks" | "backlog">;

export function hookRoutes(api: Api, { prefix, hooks, webhooks, backlog }: HookDeps): void {
  const changeable = (request: HookRequest) => allowedHook(webhooks, request, "change");

  api.post(`${prefix}/hooks`, createHook, async ({ caller, body }, reply) => {
    allow(caller, { verb: "change", thing: { kind: "hooks" } });
    const owner = orNotFound(hookOwnerOf(caller));
    const created = await hooks.create(hookRequestOf(owner, body), "integrator");
    return reply.code(201).send(newHookShape(created, owner));
  });

  api.get(`${prefix}/hooks`, listHooks, async (request, reply) => {
    allow(request.caller, { verb: "read", thing: { kind: "hooks" } });
    const owner = orNotFound(hookOwnerOf(request.caller));
    const page = await webhooks.listHooks(owner, pageRequestOf(request.query, "hooks"));
    const show = await showHooks(backlog, page.items);
    return sendPage(request, reply, { page, list: "hooks", show });
  });

  api.get(`${prefix}/hooks/:hook`, getHook, async (request) =>
    showHook(backlog, await allowedHook(webhooks, request, "read")),
  );

  api.patch(
    `${prefix}/hooks/:hook`,
    changeHook("forbidden", "too-many", "too-many-pings"),
    async (request) => {
      const { id } = await changeable(request);
      const changed = await hooks.change(id, hookChangeOf(request.body), "integrator");
      return showHook(backlog, changedHook(changed));
    },
  );

  api.delete(`${prefix}/hooks/:hook`, deleteHook("forbidden"), async (request, reply) => {
    const { id } = await changeable(request);
    if (!(await hooks.remove(id))) throw new Refusal("not-found");
    return reply.code(204).send();
  });

  api.post(`${prefix}/hooks/:hook/pings`, pingHook, async (request, reply) => {
    const { id } = await changeable(request);
    const pinged = await hooks.ping(id, "integrator");
    return reply.code(202).send(pingShape(pinged));
  });

  api.post(`${prefix}/hooks/:hook/secret`, rotateHookSecret, async (request) => {
    const { id } = await changeable(request);
    const secret = orNotFound(await hooks.rotateSecret(id));
    return { secret: secret.reveal() };
  });
}

const createHook = {
  config: { ...config, exactNumbers: "refused" as const },
  schema: {
    operationId: "createHook",
    summary: "Create a hook",
    description:
      "The caller owns it: the app, or the user of a personal token. It starts pending and becomes active with the first 2xx to a signed ping, which is sent at once. Its secret is shown this once.",
    tags,
    body: HookBody,
    response: answers(
      { 201: json("The hook with its secret", refer(NewHookShape)) },
      "forbidden",
      "url-refused",
      "too-many",
      "too-many-pings",
    ),
  },
};

const listHooks = {
  config,
  schema: {
    operationId: "listHooks",
    summary: "List the caller's hooks",
    description: "By id, ascending: the app's, or the user's own.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Hooks", listOf(shape, "Hooks")) }),
  },
};

const pingHook = {
  config,
  schema: {
    operationId: "pingHook",
    summary: "Ping a hook",
    description: "Sends a signed event of type `ping`; a pending hook becomes active with its first 2xx.",
    tags,
    params: hookParams,
    response: answers(
      { 202: json("The ping is under way", refer(PingShape)) },
      "not-found",
      "forbidden",
      "too-many-pings",
    ),
  },
};

const rotateHookSecret = {
  config,
  schema: {
    operationId: "rotateHookSecret",
    summary: "Rotate a hook's own secret",
    description: "The old one signs beside it for 24 h.",
    tags,
    params: hookParams,
    response: answers({ 200: json("The new secret", refer(HookSecretShape)) }, "not-found", "forbidden"),
  },
};

export type HookRequest = Pick<FastifyRequest, "caller"> & { readonly params: { readonly hook: string } };

/** The hook of the path, if the caller may do this with it; throws the refusal if not. */
export async function allowedHook(
  webhooks: HookDeps["webhooks"],
  { caller, params }: HookRequest,
  verb: "read" | "change" | "secret",
): Promise<Hook> {
  const hook = orNotFound(await webhooks.findHook(hookIdOf(params)));
  allow(caller, { verb, thing: { kind: "hook", owner: hook.owner } });
  return hook;
}
