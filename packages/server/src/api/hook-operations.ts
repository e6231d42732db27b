/** What both listeners say alike of the routes below one hook. */
import type { ErrorCode } from "@trulinks/protocol";
import { HookShape } from "./resources/hook.ts";
import { HookChangeBody } from "./resources/hook-body.ts";
import { answers, closed, empty, GivenId, json, refer } from "./schemas.ts";

const tags = ["hooks"];
const config = { resource: "Hook" };

export const hookParams = closed({ hook: GivenId });

export const getHook = {
  config,
  schema: {
    operationId: "getHook",
    summary: "Show a hook",
    description: "Without its secret, which is shown only when it is made or rotated.",
    tags,
    params: hookParams,
    response: answers({ 200: json("The hook", refer(HookShape)) }, "not-found"),
  },
};

/** `refusals`: those of the listener beside the ones that both have. */
export const changeHook = (...refusals: readonly ErrorCode[]) => ({
  config: { ...config, exactNumbers: "refused" as const },
  schema: {
    operationId: "changeHook",
    summary: "Change a hook",
    description:
      "Members that are left out stay as they are. What waits for a paused hook is kept, and released at the pace of `release_per_s` when it is active again. An integrator who changes scheme, host, port or path of the URL makes the hook pending again.",
    tags,
    params: hookParams,
    body: HookChangeBody,
    response: answers({ 200: json("The hook", refer(HookShape)) }, "not-found", ...refusals, "url-refused"),
  },
});

export const deleteHook = (...refusals: readonly ErrorCode[]) => ({
  config,
  schema: {
    operationId: "deleteHook",
    summary: "Delete a hook",
    description: "What waits for it is `revoked`; the records of its deliveries stay.",
    tags,
    params: hookParams,
    response: answers({ 204: empty("The hook is gone") }, "not-found", ...refusals),
  },
});
