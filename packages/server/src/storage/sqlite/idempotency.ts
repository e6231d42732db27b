import type { Begun, IdempotencyStore, IdempotentRequest } from "../../idempotency/idempotency-store.ts";
import type { Database } from "./database.ts";
import type { Sync } from "./verbs.ts";

interface KeyRow {
  readonly fingerprint: string;
  readonly state: "running" | "answered" | "unknown";
  readonly held_until_ms: number;
  readonly expires_at_ms: number;
  readonly answer: Uint8Array | null;
}

export function createIdempotency(database: Database): Sync<IdempotencyStore> {
  return {
    begin(request) {
      const row = database.get<KeyRow>(
        `SELECT fingerprint, state, held_until_ms, expires_at_ms, answer FROM idempotency
         WHERE scope = ? AND key = ?`,
        request.scope,
        request.key,
      );
      if (row !== undefined && row.expires_at_ms > request.nowMs) return judge(row, request);
      insert(database, request);
      return { kind: "begun" };
    },

    finish(scope, key, answer) {
      database.run(
        "UPDATE idempotency SET state = 'answered', answer = ? WHERE scope = ? AND key = ?",
        answer,
        scope,
        key,
      );
    },

    abandon(scope, key) {
      database.run("DELETE FROM idempotency WHERE scope = ? AND key = ?", scope, key);
    },

    sweep(nowMs, countMax) {
      return database.run(
        `DELETE FROM idempotency WHERE (scope, key) IN
           (SELECT scope, key FROM idempotency WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)`,
        nowMs,
        countMax,
      );
    },
  };
}

/** What ran when the last process ended cannot be known any more. */
export function forgetRunning(database: Database): void {
  database.run("UPDATE idempotency SET state = 'unknown' WHERE state = 'running'");
}

function judge(row: KeyRow, { fingerprint, nowMs }: IdempotentRequest): Begun {
  if (row.fingerprint !== fingerprint) return { kind: "reused" };
  if (row.answer !== null) return { kind: "answered", answer: row.answer };
  const isRunning = row.state === "running" && row.held_until_ms > nowMs;
  return isRunning ? { kind: "in-flight" } : { kind: "unknown" };
}

function insert(database: Database, request: IdempotentRequest): void {
  database.run(
    `INSERT OR REPLACE INTO idempotency (scope, key, fingerprint, state, held_until_ms, expires_at_ms, answer)
     VALUES (?, ?, ?, 'running', ?, ?, NULL)`,
    request.scope,
    request.key,
    request.fingerprint,
    request.heldUntilMs,
    request.expiresAtMs,
  );
}
