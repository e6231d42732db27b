/** Which secrets sign a delivery. */
import type { AsymmetricSigner, HookId } from "@trulinks/protocol";
import type { Claim, Sealed } from "./claim.ts";
import { deriveUserSecret } from "./user-secret.ts";

/** Encryption at rest, bound to the row a secret lies in. */
export interface Vault {
  seal(plain: Uint8Array, row: string): Sealed;
  /** Throws if the key, the row or a byte is another than when it was sealed. */
  open(sealed: Sealed, row: string): Uint8Array;
}

export interface Keyring {
  readonly vault: Vault;
  /** What users' secrets are derived from. */
  readonly masterKey: Uint8Array;
  /** Signs standard deliveries beside the secrets; null or left out: nobody does. */
  readonly signer?: AsymmetricSigner | null;
}

/** The row under whose name a hook's own secrets are sealed. */
export function secretRow(hookId: HookId): string {
  return `hook:${hookId}`;
}

/** The texts of the secrets that sign this delivery at `nowMs`, newest first. */
export function signingSecrets(
  { vault, masterKey }: Keyring,
  claim: Pick<Claim, "hook" | "user" | "secrets">,
  nowMs: number,
): readonly string[] {
  const { hook, user } = claim;
  const isLive = ({ untilMs }: { readonly untilMs: number | null }) => untilMs === null || untilMs > nowMs;
  if (hook.secretPer === "user" && user !== null) {
    const live = user.versions.filter(isLive);
    return live.map(({ version }) =>
      deriveUserSecret(masterKey, { hookId: hook.id, userId: user.id, version }),
    );
  }
  const row = secretRow(hook.id);
  return claim.secrets.filter(isLive).map(({ sealed }) => Buffer.from(vault.open(sealed, row)).toString());
}
