/**
 * Hooks as deliveries need them, remembered: one process owns the file, so what is remembered is right as long as
 * whoever changes a hook says so here.
 */
import { strict as assert } from "node:assert";
import type { HookId, UserId } from "@trulinks/protocol";
import type { Claim, SealedSecret } from "../../webhooks/claim.ts";
import { LEASE_MARGIN_MS } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { Database } from "./database.ts";
import { findHookRow, toHook } from "./hook-row.ts";
import { liveSecrets, liveVersions } from "./hook-secrets.ts";
import { createRemembered } from "./remembered.ts";

export interface KnownHook {
  readonly hook: Hook;
  /** Where the number of its newest delivery is kept. */
  readonly sequenceKey: number;
}

/** What signs a hook's deliveries. */
interface Signing {
  /** The live ones, newest first. */
  readonly secrets: readonly SealedSecret[];
  /** When the first of them ends. */
  readonly untilMs: number;
  /** Whether any user's secret for it was ever rotated. */
  readonly hasVersions: boolean;
}

export interface KnownHooks {
  /** Throws if there is no such hook: a hook takes its waiting deliveries with it when it goes. */
  of(id: HookId): KnownHook;
  /** What a claim made now says of its hook and user; of the hook's secrets, those that live at `nowMs`. */
  claimParts(id: HookId, of: ClaimOf): Pick<Claim, "hook" | "secrets" | "user">;
  /** The hook, its secrets or its users' versions have changed. */
  forget(id: HookId): void;
  clear(): void;
}

interface ClaimOf {
  readonly userId: UserId | null;
  readonly nowMs: number;
}

// Some 1 KB each.
const HOOKS_MAX = 20_000;

export function createKnownHooks(database: Database, hooksMax = HOOKS_MAX): KnownHooks {
  // Matching looks at many hooks that then want nothing: secrets are read when something is claimed.
  const known = createRemembered<HookId, KnownHook & { signing: Signing | null }>(hooksMax, (id) => {
    const row = findHookRow(database, id);
    assert(row !== undefined, `hook ${id} is gone`);
    return { hook: toHook(row), sequenceKey: row.sequence_key, signing: null };
  });

  function signingOf(id: HookId, nowMs: number): { readonly hook: Hook; readonly signing: Signing } {
    const one = known.of(id);
    one.signing ??= readSigning(database, id);
    const { hook, signing } = one;
    if (signing.untilMs > nowMs) return { hook, signing };
    const secrets = signing.secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
    // Another object: what crosses to the other thread is told apart by it.
    const later = {
      ...one,
      hook: { ...hook },
      signing: { ...signing, secrets, untilMs: firstEndMs(secrets) },
    };
    known.put(id, later);
    return later;
  }

  return {
    of: known.of,
    claimParts(id, { userId, nowMs }) {
      const { hook, signing } = signingOf(id, nowMs);
      const { secrets, hasVersions } = signing;
      if (userId === null) return { hook, secrets, user: null };
      const versions = hasVersions ? liveVersions(database, { hookId: id, userId, nowMs }) : FIRST_VERSION;
      return { hook, secrets, user: { id: userId, versions } };
    },
    forget: known.forget,
    clear: known.clear,
  };
}

function readSigning(database: Database, id: HookId): Signing {
  const secrets = liveSecrets(database, id, 0);
  const hasVersions = database.get("SELECT 1 FROM user_secrets WHERE hook_id = ? LIMIT 1", id) !== undefined;
  return { secrets, untilMs: firstEndMs(secrets), hasVersions };
}

function firstEndMs(secrets: readonly SealedSecret[]): number {
  return Math.min(...secrets.map(({ untilMs }) => untilMs ?? Number.POSITIVE_INFINITY));
}

const FIRST_VERSION = [{ version: 1, untilMs: null }] as const;

/** When a lease taken now ends. */
export function leaseUntilMs(hook: Hook, nowMs: number): number {
  return nowMs + hook.ackDeadlineMs + LEASE_MARGIN_MS;
}
