/**
 * A request with an `Idempotency-Key` reaches the upstream once. Caller, key, operation and a hash of the body are on disk before
 * it is forwarded; its answer is kept before a repetition gets it. What nobody knows the outcome of is never sent again.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { HEADERS } from "@trulinks/protocol";
import { canonicalJson } from "../base/canonical-json.ts";
import type { KeptAnswers } from "../idempotency/kept-answers.ts";
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MESSAGE } from "../idempotency/kept-answers.ts";
import { type AnswerCopy, createAnswerCopy, packAnswer, unpackAnswer } from "./answer-copy.ts";
import type { End } from "./ending.ts";
import type { Refusal } from "./refusal.ts";

export type KeyRead =
  | { readonly kind: "none" }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "refused"; readonly refusal: Refusal };

// What reads only can be asked again anyway.
const KEYED: ReadonlySet<string | undefined> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

export function readKey({ method, headers }: IncomingMessage): KeyRead {
  const key = headers["idempotency-key"];
  if (key === undefined || !KEYED.has(method)) return { kind: "none" };
  if (typeof key === "string" && IDEMPOTENCY_KEY.test(key)) return { kind: "key", key };
  const field = HEADERS.idempotencyKey;
  const pointer = `#/header/${field}`;
  const error = {
    resource: "Request",
    field,
    code: "invalid",
    message: IDEMPOTENCY_KEY_MESSAGE,
    pointer,
  } as const;
  return {
    kind: "refused",
    refusal: { code: "validation-failed", detail: IDEMPOTENCY_KEY_MESSAGE, errors: [error] },
  };
}

export interface Once {
  readonly kept: KeptAnswers;
  /** Who asks: the name under which quotas are kept. */
  readonly caller: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly key: string;
  /** Null: there is none. */
  readonly body: Uint8Array | null;
  readonly contentType: string | undefined;
  /** Longer than a request can be under way. */
  readonly heldMs: number;
  /** An answer that could not be kept; the caller has it by then. */
  readonly onUnkept: (error: unknown) => void;
}

/** Carries the request out with `run`, or ends it with what is known of the first one. */
export async function once(asked: Once, run: (copy: AnswerCopy) => Promise<End>): Promise<End> {
  const { kept, key, onUnkept } = asked;
  const scope = `gateway ${asked.caller} ${asked.method} ${asked.path}`;
  const begun = await kept.begin({ scope, key, fingerprint: fingerprintOf(asked), heldMs: asked.heldMs });
  switch (begun.kind) {
    case "begun":
      break;
    case "answered":
      return repeated(begun.answer);
    case "in-flight":
      return refused({ code: "idempotency-in-flight", headers: [[HEADERS.retryAfter, "1"]] });
    case "unknown":
      return refused({ code: "idempotency-unknown" });
    case "reused":
      return refused({ code: "idempotency-key-reused" });
    default:
      return begun satisfies never;
  }
  const copy = createAnswerCopy();
  const end = await run(copy);
  const settled = hadNoEffect(end, copy)
    ? kept.abandon(scope, key)
    : kept.finish(scope, key, packAnswer(copy.answer()));
  await settled.catch(onUnkept);
  return end;
}

/** Nothing was sent; or the upstream itself says that it took nothing on, and asks for the same request later. */
function hadNoEffect(end: End, copy: AnswerCopy): boolean {
  if (end.kind === "refused") return true;
  if (end.kind === "failed") return end.isUnsent;
  const answer = copy.answer();
  return answer.kind !== "unknown" && (answer.status === 429 || answer.status === 503);
}

function repeated(packed: Uint8Array): End {
  const answer = unpackAnswer(packed);
  switch (answer.kind) {
    case "answer":
      return { kind: "repeated", status: answer.status, headers: answer.headers, bytes: answer.bytes };
    case "too-large": {
      const detail = `The first request was answered ${answer.status}. Its answer was too large to be kept.`;
      return refused({ code: "idempotency-unknown", detail });
    }
    case "unknown":
      return refused({ code: "idempotency-unknown" });
    default:
      return answer satisfies never;
  }
}

/** JSON is the same however it is written. */
function fingerprintOf({ body, contentType }: Once): string {
  const hash = createHash("sha256");
  if (body === null) return hash.digest("hex");
  if (contentType?.includes("json")) {
    try {
      return hash.update(canonicalJson(JSON.parse(Buffer.from(body).toString()))).digest("hex");
    } catch {
      // What is no JSON, or nested too deeply to be walked, is compared byte by byte.
    }
  }
  return createHash("sha256").update(body).digest("hex");
}

function refused(refusal: Refusal): End {
  return { kind: "refused", refusal };
}
