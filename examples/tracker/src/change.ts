/** One change: what it writes, the events that tell of it and the answer to its `Idempotency-Key`, or none of them. */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { callerOf } from "./access.ts";
import type { Database } from "./database.ts";
import { underTrace } from "./outbox.ts";
import { Refusal } from "./problems.ts";

export interface TrackerDeps {
  readonly db: Database;
  readonly now: () => number;
  /** Tells the publisher that the outbox has something new. */
  readonly wake: () => void;
}

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;
const ANSWERS_KEPT_MS = 24 * 3_600_000;
// A few per change keep the table at a day's worth without ever holding up a request.
const ANSWERS_FORGOTTEN_MAX = 10;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Runs the change in one transaction and answers with what it returns; null answers without a body. */
export function change(
  { db, now, wake }: TrackerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  run: (nowIso: string) => object | null,
): FastifyReply {
  const nowMs = now();
  const answer = db.transaction((): Answer => {
    const key = idempotencyKey(request);
    const earlier = key === null ? null : findAnswer(db, request, key);
    if (earlier !== null) return earlier;
    const traceparent = request.headers["traceparent"];
    const body = underTrace(db, traceparent, () => run(new Date(nowMs).toISOString()));
    const made = { status, body: body === null ? "" : JSON.stringify(body) };
    if (key !== null) keepAnswer(db, request, { key, nowMs }, made);
    return made;
  });
  wake();
  reply.code(answer.status);
  return answer.body === "" ? reply.send() : reply.type("application/json; charset=utf-8").send(answer.body);
}

function idempotencyKey({ method, headers }: FastifyRequest): string | null {
  const key = headers["idempotency-key"]?.toString();
  if (method !== "POST" || key === undefined) return null;
  if (KEY_PATTERN.test(key)) return key;
  throw new Refusal("unparseable", "An Idempotency-Key is 1 to 255 visible ASCII characters.");
}

function findAnswer(db: Database, request: FastifyRequest, key: string): Answer | null {
  const found = db.one<Answer & { fingerprint: string }>(
    "SELECT fingerprint, status, body FROM answers WHERE caller = ? AND key = ?",
    callerKey(request),
    key,
  );
  if (found !== null && found.fingerprint !== fingerprint(request))
    throw new Refusal("idempotency-key-reused");
  return found;
}

function keepAnswer(
  db: Database,
  request: FastifyRequest,
  { key, nowMs }: { key: string; nowMs: number },
  { status, body }: Answer,
): void {
  db.run(
    "DELETE FROM answers WHERE (caller, key) IN (SELECT caller, key FROM answers WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
    nowMs - ANSWERS_KEPT_MS,
    ANSWERS_FORGOTTEN_MAX,
  );
  db.run(
    "INSERT INTO answers (caller, key, fingerprint, status, body, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
    callerKey(request),
    key,
    fingerprint(request),
    status,
    body,
    nowMs,
  );
}

/** A key belongs to who sent it: two apps that act for one user do not share theirs. */
function callerKey(request: FastifyRequest): string {
  const caller = callerOf(request);
  return caller.kind === "user" ? `${caller.user} ${caller.app ?? ""}` : caller.kind;
}

function fingerprint({ method, url, body }: FastifyRequest): string {
  return createHash("sha256")
    .update(JSON.stringify([method, url, body ?? null]))
    .digest("hex");
}
