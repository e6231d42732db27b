/** What `Idempotency-Key` needs from storage; `idempotency-store.contract.ts` holds every engine to it. */

export interface IdempotentRequest {
  /** Who asks and what for, such as `operator POST /v1/apps`; a key is only compared within its scope. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: string;
  readonly nowMs: number;
  /** Until when the request may run; after that its outcome counts as unknown. */
  readonly heldUntilMs: number;
  /** When the key is forgotten. */
  readonly expiresAtMs: number;
}

export type Begun =
  /** The key is new: carry the request out, then `finish` or `abandon`. */
  | { readonly kind: "begun" }
  /** It was carried out: the sealed answer. */
  | { readonly kind: "answered"; readonly answer: Uint8Array }
  | { readonly kind: "in-flight" }
  /** It was begun by a process that died, or ran out of its time. An answer that comes late is kept all the same. */
  | { readonly kind: "unknown" }
  | { readonly kind: "reused" };

export interface IdempotencyStore {
  /** Of two that begin at once, exactly one gets `begun`. */
  begin(request: IdempotentRequest): Promise<Begun>;
  /** Keeps the answer, sealed for the row `idempotency:<scope>:<key>`. */
  finish(scope: string, key: string, answer: Uint8Array): Promise<void>;
  /** Forgets the key: the request had no effect. */
  abandon(scope: string, key: string): Promise<void>;
  /** Forgets keys that have expired, at most `countMax`, and says how many. */
  sweep(nowMs: number, countMax: number): Promise<number>;
}
