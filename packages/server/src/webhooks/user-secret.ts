import { createHmac } from "node:crypto";
import { formatSecret, type HookId, type UserId } from "@trulinks/protocol";

export interface UserSecretName {
  readonly hookId: HookId;
  readonly userId: UserId;
  /** From 1; rotation raises it. */
  readonly version: number;
}

/**
 * The secret that signs what concerns one user at one hook: HMAC-SHA256 of hook, user and version under a master key
 * that never leaves the platform. Nothing is stored for it, and knowing one tells nothing about another.
 */
export function deriveUserSecret(masterKey: Uint8Array, { hookId, userId, version }: UserSecretName): string {
  // No id contains a line end, so no two names give the same text.
  return formatSecret(createHmac("sha256", masterKey).update(`${hookId}\n${userId}\n${version}`).digest());
}
