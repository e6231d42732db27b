import type { UserId } from "@trulinks/protocol";
import type { Api } from "../manners.ts";
import { orNotFound } from "../problem.ts";
import { UserSecretShape, userSecretShape } from "../resources/hook.ts";
import { answers, closed, GivenId, json, refer } from "../schemas.ts";
import { allowedHook, type HookDeps } from "./hooks.ts";

const tags = ["hooks"];
const config = { resource: "Hook" };
const params = closed({ hook: GivenId, user: GivenId });
const response = answers(
  { 200: json("The user's secrets for this hook", refer(UserSecretShape)) },
  "not-found",
  "forbidden",
);

/** The secret that each user has for an app's hook; only the app's own credentials read and rotate it. */
export function userSecretRoutes(api: Api, { prefix, hooks, webhooks }: HookDeps): void {
  api.get(`${prefix}/hooks/:hook/secrets/:user`, getUserSecret, async (request) => {
    const { id } = await allowedHook(webhooks, request, "secret");
    const user = request.params.user as UserId;
    return userSecretShape(user, orNotFound(await hooks.readUserSecret(id, user)));
  });

  api.post(`${prefix}/hooks/:hook/secrets/:user`, rotateUserSecret, async (request) => {
    const { id } = await allowedHook(webhooks, request, "secret");
    const user = request.params.user as UserId;
    return userSecretShape(user, orNotFound(await hooks.rotateUserSecret(id, user)));
  });
}

const getUserSecret = {
  config,
  schema: {
    operationId: "getUserSecret",
    summary: "Show a user's secret for a hook",
    description: "What concerns this user is signed with it.",
    tags,
    params,
    response,
  },
};

const rotateUserSecret = {
  config,
  schema: {
    operationId: "rotateUserSecret",
    summary: "Rotate a user's secret for a hook",
    description: "The old one signs beside it for 24 h; no other user is touched.",
    tags,
    params,
    response,
  },
};
