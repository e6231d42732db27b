import type { Begun, IdempotencyStore, IdempotentRequest } from "../../idempotency/idempotency-store.ts";
import type { Database } from "./database.ts";

interface KeyRow {
  readonly fingerprint: string;
  readonly held_until_ms: number;
  readonly answer: Uint8Array | null;
}

export function createIdempotency(database: Database): IdempotencyStore {
  return {
    begin(request) {
      return database.transact(async (transaction) => {
        const { scope, key, fingerprint, nowMs, heldUntilMs, expiresAtMs } = request;
        // Of two that insert at once, one waits for the other and then changes nothing.
        const begun = await transaction.run(
          `INSERT INTO idempotency AS kept (scope, key, fingerprint, held_until_ms, expires_at_ms, answer)
           VALUES ($1, $2, $3, $4, $5, NULL)
           ON CONFLICT (scope, key) DO UPDATE
             SET fingerprint = excluded.fingerprint, held_until_ms = excluded.held_until_ms,
                 expires_at_ms = excluded.expires_at_ms, answer = NULL
             WHERE kept.expires_at_ms <= $6`,
          scope,
          key,
          fingerprint,
          heldUntilMs,
          expiresAtMs,
          nowMs,
        );
        if (begun > 0) return { kind: "begun" };
        const row = await transaction.get<KeyRow>(
          "SELECT fingerprint, held_until_ms, answer FROM idempotency WHERE scope = $1 AND key = $2",
          scope,
          key,
        );
        return row === undefined ? { kind: "in-flight" } : judge(row, request);
      });
    },

    async finish(scope, key, answer) {
      await database.run(
        "UPDATE idempotency SET answer = $3 WHERE scope = $1 AND key = $2",
        scope,
        key,
        answer,
      );
    },

    async abandon(scope, key) {
      await database.run("DELETE FROM idempotency WHERE scope = $1 AND key = $2", scope, key);
    },

    sweep(nowMs, countMax) {
      return database.run(
        `DELETE FROM idempotency WHERE (scope, key) IN
           (SELECT scope, key FROM idempotency WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)`,
        nowMs,
        countMax,
      );
    },
  };
}

function judge(row: KeyRow, { fingerprint, nowMs }: IdempotentRequest): Begun {
  if (row.fingerprint !== fingerprint) return { kind: "reused" };
  if (row.answer !== null) return { kind: "answered", answer: row.answer };
  return { kind: row.held_until_ms > nowMs ? "in-flight" : "unknown" };
}
