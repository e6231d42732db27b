/** The secrets of hooks: made, told once, rotated; and those of one user of an app's hook, which are derived. */
import { formatSecret, type HookId, type UserId } from "@trulinks/protocol";
import { Secret } from "../base/secret.ts";
import type { SecretVersion } from "./claim.ts";
import { type Hook, SECRET_OVERLAP_MS } from "./hook.ts";
import type { Hooks, HooksDeps } from "./hooks.ts";
import { secretRow } from "./signing-secrets.ts";
import { deriveUserSecret } from "./user-secret.ts";

export interface LiveSecret {
  readonly secret: Secret;
  readonly version: number;
  /** Null for the newest. */
  readonly untilMs: number | null;
}

const SECRET_BYTES = 32;

type SecretVerbs = Pick<Hooks, "rotateSecret" | "readUserSecret" | "rotateUserSecret">;

export function createHookSecrets(deps: HooksDeps): SecretVerbs {
  return {
    rotateSecret: (id) => rotateSecret(deps, id),
    async readUserSecret(id, userId) {
      if (!(await signsPerUser(deps, id))) return null;
      return liveSecrets(deps, id, userId, await deps.store.findUserSecret(id, userId, deps.clock.now()));
    },
    async rotateUserSecret(id, userId) {
      if (!(await signsPerUser(deps, id))) return null;
      const nowMs = deps.clock.now();
      const when = { nowMs, oldUntilMs: nowMs + SECRET_OVERLAP_MS };
      const versions = await deps.store.rotateUserSecret(id, userId, when);
      if (versions !== null) deps.recall();
      return liveSecrets(deps, id, userId, versions);
    },
  };
}

async function rotateSecret(deps: HooksDeps, id: HookId): Promise<Secret | null> {
  const hook = await deps.store.findHook(id);
  if (hook === null) return null;
  const secret = makeSecret(deps, hook.signature);
  const nowMs = deps.clock.now();
  // GitHub's header has room for one signature: there the new secret takes over at once.
  const oldUntilMs = hook.signature === "github" ? nowMs : nowMs + SECRET_OVERLAP_MS;
  if (!(await deps.store.rotateSecret(id, seal(deps, id, secret), { nowMs, oldUntilMs }))) return null;
  deps.recall();
  return secret;
}

async function signsPerUser({ store }: HooksDeps, id: HookId): Promise<boolean> {
  return (await store.findHook(id))?.secretPer === "user";
}

function liveSecrets(
  { keyring }: HooksDeps,
  hookId: HookId,
  userId: UserId,
  versions: readonly SecretVersion[] | null,
): readonly LiveSecret[] | null {
  if (versions === null) return null;
  return versions.map(({ version, untilMs }) => ({
    secret: new Secret(deriveUserSecret(keyring.masterKey, { hookId, userId, version })),
    version,
    untilMs,
  }));
}

export function makeSecret({ dice }: HooksDeps, signature: Hook["signature"]): Secret {
  const chance = dice.bytes(SECRET_BYTES);
  return new Secret(signature === "standard" ? formatSecret(chance) : Buffer.from(chance).toString("hex"));
}

export function seal({ keyring }: HooksDeps, hookId: HookId, secret: Secret): Uint8Array {
  return keyring.vault.seal(Buffer.from(secret.reveal()), secretRow(hookId));
}
