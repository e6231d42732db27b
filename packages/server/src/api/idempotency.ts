/**
 * `Idempotency-Key` on POST: the first answer is kept, sealed because it may hold a secret, and repeated word for
 * word. What had no effect is forgotten, so that it can be tried again under the same key.
 */
import { HEADERS } from "@trulinks/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { quotaKey } from "../accounts/caller.ts";
import { fingerprint } from "../base/canonical-json.ts";
import type { Clock } from "../base/clock.ts";
import type { Vault } from "../secrets/vault.ts";
import type { IdempotencyStore } from "./idempotency-store.ts";
import { Refusal } from "./problem.ts";

const KEY = /^[\x21-\x7e]{1,255}$/;

/** How long a request may run before its outcome counts as unknown. */
const HELD_MS = 60_000;
const KEPT_MS = 24 * 3_600_000;

export interface IdempotencyDeps {
  readonly idempotency: IdempotencyStore;
  readonly vault: Pick<Vault, "seal" | "open">;
  readonly clock: Pick<Clock, "now">;
}

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
  app.decorateRequest("idempotent", null);
  app.addHook("preHandler", (request, reply) => recall(deps, request, reply));
  app.addHook("onSend", async (request, reply, payload) => {
    await remember(deps, request, reply, payload);
  });
}

/** The key of a request, null if it has none. */
export function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  if (typeof key === "string" && KEY.test(key)) return key;
  const field = HEADERS.idempotencyKey;
  const message = `${field} must be 1 to 255 visible ASCII characters.`;
  throw new Refusal("validation-failed", {
    errors: [{ resource: "Request", field, code: "invalid", message, pointer: `#/header/${field}` }],
  });
}

async function recall(
  { idempotency, vault, clock }: IdempotencyDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (request.method !== "POST" || request.routeOptions.config.ownIdempotency) return undefined;
  const key = idempotencyKeyOf(request);
  if (key === null) return undefined;

  const scope = `${quotaKey(request.caller)} POST ${request.url}`;
  const nowMs = clock.now();
  const begun = await idempotency.begin({
    scope,
    key,
    fingerprint: fingerprint(request.body ?? null),
    nowMs,
    heldUntilMs: nowMs + HELD_MS,
    expiresAtMs: nowMs + KEPT_MS,
  });
  switch (begun.kind) {
    case "begun":
      request.idempotent = { scope, key };
      return undefined;
    case "answered": {
      const { status, body } = readAnswer(vault.open(begun.answer, rowOf(scope, key)));
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
  { idempotency, vault }: IdempotencyDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<void> {
  if (request.idempotent === null) return;
  const { scope, key } = request.idempotent;
  // Cleared first: should keeping the answer fail, the 503 that is sent instead must not forget what was done.
  request.idempotent = null;
  if (reply.statusCode >= 300) return idempotency.abandon(scope, key);
  const answer = Buffer.from(JSON.stringify({ status: reply.statusCode, body: payload }));
  await idempotency.finish(scope, key, vault.seal(answer, rowOf(scope, key)));
}

function readAnswer(bytes: Uint8Array): { readonly status: number; readonly body: string } {
  return JSON.parse(Buffer.from(bytes).toString());
}

function rowOf(scope: string, key: string): string {
  return `idempotency:${scope}:${key}`;
}
