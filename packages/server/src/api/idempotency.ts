/**
 * `Idempotency-Key` on POST: the first answer is kept, sealed because it may hold a secret, and repeated word for
 * word. What had no effect is forgotten, so that it can be tried again under the same key.
 */
import { HEADERS } from "@trulinks/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { quotaKey } from "../accounts/caller.ts";
import { fingerprint } from "../base/canonical-json.ts";
import {
  createKeptAnswers,
  IDEMPOTENCY_KEY,
  IDEMPOTENCY_KEY_MESSAGE,
  type KeptAnswers,
  type KeptAnswersDeps,
} from "../idempotency/kept-answers.ts";
import { Refusal } from "./problem.ts";

/** How long a request may run before its outcome counts as unknown. */
const HELD_MS = 60_000;

export type IdempotencyDeps = KeptAnswersDeps;

declare module "fastify" {
  interface FastifyRequest {
    /** The key under which this request runs and its answer will be kept. */
    idempotent: { readonly scope: string; readonly key: string } | null;
  }
  interface FastifyContextConfig {
    /** The handler recognises repetitions by itself. */
    readonly ownIdempotency?: boolean;
  }
}

export function rememberAnswers(app: FastifyInstance, deps: IdempotencyDeps): void {
  const kept = createKeptAnswers(deps);
  app.decorateRequest("idempotent", null);
  app.addHook("preHandler", (request, reply) => recall(kept, request, reply));
  app.addHook("onSend", async (request, reply, payload) => {
    await remember(kept, request, reply, payload);
  });
}

/** The key of a request, null if it has none. */
export function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  if (typeof key === "string" && IDEMPOTENCY_KEY.test(key)) return key;
  const field = HEADERS.idempotencyKey;
  const message = IDEMPOTENCY_KEY_MESSAGE;
  throw new Refusal("validation-failed", {
    errors: [{ resource: "Request", field, code: "invalid", message, pointer: `#/header/${field}` }],
  });
}

async function recall(
  kept: KeptAnswers,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (request.method !== "POST" || request.routeOptions.config.ownIdempotency) return undefined;
  const key = idempotencyKeyOf(request);
  if (key === null) return undefined;

  const scope = `${quotaKey(request.caller)} POST ${request.url}`;
  const begun = await kept.begin({
    scope,
    key,
    fingerprint: fingerprint(request.body ?? null),
    heldMs: HELD_MS,
  });
  switch (begun.kind) {
    case "begun":
      request.idempotent = { scope, key };
      return undefined;
    case "answered": {
      const { status, body } = readAnswer(begun.answer);
      return reply.code(status).type("application/json; charset=utf-8").send(body);
    }
    case "in-flight":
      throw new Refusal("idempotency-in-flight");
    case "unknown":
      throw new Refusal("idempotency-unknown");
    case "reused":
      throw new Refusal("idempotency-key-reused");
    default:
      return begun satisfies never;
  }
}

async function remember(
  kept: KeptAnswers,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<void> {
  if (request.idempotent === null) return;
  const { scope, key } = request.idempotent;
  // Cleared first: should keeping the answer fail, the 503 that is sent instead must not forget what was done.
  request.idempotent = null;
  if (reply.statusCode >= 300) return kept.abandon(scope, key);
  const answer = Buffer.from(JSON.stringify({ status: reply.statusCode, body: payload }));
  await kept.finish(scope, key, answer);
}

function readAnswer(bytes: Uint8Array): { readonly status: number; readonly body: string } {
  return JSON.parse(Buffer.from(bytes).toString());
}
