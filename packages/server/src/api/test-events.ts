/** Test events in both APIs: the same route below a hook, for whoever may change it. */
import type { ErrorCode } from "@trulinks/protocol";
import type { FastifyRequest } from "fastify";
import type { WebhookStore } from "../webhooks/store.ts";
import type { TestEvents } from "../webhooks/test-event.ts";
import { allow } from "./allow.ts";
import { hookParams } from "./hook-operations.ts";
import type { Api } from "./manners.ts";
import { orNotFound } from "./problem.ts";
import { hookIdOf } from "./resources/hook.ts";
import { TestBody, TestShape, testShape } from "./resources/test-event.ts";
import { answers, json, refer } from "./schemas.ts";

export interface TestEventDeps {
  readonly webhooks: Pick<WebhookStore, "findHook">;
  readonly testEvents: TestEvents;
}

/** `path`: `/v1/hooks/:hook` or its like. `refusals`: those of the listener beside the ones that both have. */
export function testEventRoute(
  api: Api,
  path: string,
  { webhooks, testEvents }: TestEventDeps,
  ...refusals: readonly ErrorCode[]
): void {
  api.post(`${path}/tests`, sendTest(refusals), async (request, reply) => {
    const { id, owner } = orNotFound(await webhooks.findHook(hookIdOf(request.params)));
    allow((request as Pick<FastifyRequest, "caller">).caller, {
      verb: "change",
      thing: { kind: "hook", owner },
    });
    const tested = await testEvents.send(id, request.body.type);
    return reply.code(202).send(testShape(tested));
  });
}

const sendTest = (refusals: readonly ErrorCode[]) => ({
  config: { resource: "Test" },
  schema: {
    operationId: "sendTest",
    summary: "Send a test event to a hook",
    description:
      "Sends the first example of a registered event type to this hook alone, signed, and masked as an event would be. It is marked by `test: true` in the signed body (GitHub's form: by the header `TruLinks-Test` alone), concerns no user and has no number.",
    tags: ["hooks"],
    params: hookParams,
    body: TestBody,
    response: answers(
      { 202: json("The test event is under way", refer(TestShape)) },
      "not-found",
      ...refusals,
      "unknown-event-type",
    ),
  },
});
