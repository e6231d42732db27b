/** Answers kept under an `Idempotency-Key`: sealed, because they may hold a secret, and for a day. */
import type { Clock } from "../base/clock.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Begun, IdempotencyStore } from "./idempotency-store.ts";

/** What a key may be. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
export const IDEMPOTENCY_KEY_MESSAGE = "Idempotency-Key must be 1 to 255 visible ASCII characters.";
/** How long a key and its answer are remembered. */
export const ANSWERS_KEPT_MS = 24 * 3_600_000;

export interface KeyedRequest {
  /** Who asks and what for; a key is only compared within its scope. */
  readonly scope: string;
  readonly key: string;
  /** Tells the same request again from another. */
  readonly fingerprint: string;
  /** How long it may run before its outcome counts as unknown. */
  readonly heldMs: number;
}

/** As `Begun`, with the answer opened. */
export type KeyBegun = Begun;

export interface KeptAnswers {
  begin(request: KeyedRequest): Promise<KeyBegun>;
  finish(scope: string, key: string, answer: Uint8Array): Promise<void>;
  /** The request had no effect, and the key is as good as new. */
  abandon(scope: string, key: string): Promise<void>;
}

export interface KeptAnswersDeps {
  readonly idempotency: IdempotencyStore;
  readonly vault: Pick<Vault, "seal" | "open">;
  readonly clock: Pick<Clock, "now">;
}

export function createKeptAnswers({ idempotency, vault, clock }: KeptAnswersDeps): KeptAnswers {
  return {
    async begin({ heldMs, ...request }) {
      const nowMs = clock.now();
      const times = { nowMs, heldUntilMs: nowMs + heldMs, expiresAtMs: nowMs + ANSWERS_KEPT_MS };
      const begun = await idempotency.begin({ ...request, ...times });
      if (begun.kind !== "answered") return begun;
      return { kind: "answered", answer: vault.open(begun.answer, rowOf(request.scope, request.key)) };
    },
    finish: (scope, key, answer) => idempotency.finish(scope, key, vault.seal(answer, rowOf(scope, key))),
    abandon: (scope, key) => idempotency.abandon(scope, key),
  };
}

function rowOf(scope: string, key: string): string {
  return `idempotency:${scope}:${key}`;
}
