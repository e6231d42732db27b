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
  /** The live ones, newest first. */
  readonly secrets: readonly SealedSecret[];
  /** When the first of them ends. */
  readonly secretsUntilMs: number;
  /** Whether any user's secret for it was ever rotated. */
  readonly hasVersions: boolean;
  /** Where the number of its newest delivery is kept. */
  readonly sequenceKey: number;
}

export interface KnownHooks {
  /**
   * Throws if there is no such hook: a hook takes its waiting deliveries with it when it goes. Its secrets are those
   * that live at `nowMs`.
   */
  of(id: HookId, nowMs?: number): KnownHook;
  /** The hook, its secrets or its users' versions have changed. */
  forget(id: HookId): void;
  clear(): void;
}

// Some 1 KB each.
const HOOKS_MAX = 20_000;

export function createKnownHooks(database: Database, hooksMax = HOOKS_MAX): KnownHooks {
  const known = createRemembered<HookId, KnownHook>(hooksMax, (id) => {
    const row = findHookRow(database, id);
    assert(row !== undefined, `hook ${id} is gone`);
    const secrets = liveSecrets(database, id, 0);
    return {
      hook: toHook(row),
      secrets,
      secretsUntilMs: firstEndMs(secrets),
      hasVersions: database.get("SELECT 1 FROM user_secrets WHERE hook_id = ? LIMIT 1", id) !== undefined,
      sequenceKey: row.sequence_key,
    };
  });
  return {
    of(id, nowMs = 0) {
      const hook = known.of(id);
      if (hook.secretsUntilMs > nowMs) return hook;
      const secrets = hook.secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
      // Another object: what crosses to the other thread is told apart by it.
      const later = { ...hook, hook: { ...hook.hook }, secrets, secretsUntilMs: firstEndMs(secrets) };
      known.put(id, later);
      return later;
    },
    forget: known.forget,
    clear: known.clear,
  };
}

function firstEndMs(secrets: readonly SealedSecret[]): number {
  return Math.min(...secrets.map(({ untilMs }) => untilMs ?? Number.POSITIVE_INFINITY));
}

/** What a claim made now says of its hook and user. */
export function claimPartsOf(
  database: Database,
  { hook, secrets, hasVersions }: KnownHook,
  { userId, nowMs }: { readonly userId: UserId | null; readonly nowMs: number },
): Pick<Claim, "hook" | "secrets" | "user"> {
  if (userId === null) return { hook, secrets, user: null };
  const versions = hasVersions ? liveVersions(database, { hookId: hook.id, userId, nowMs }) : FIRST_VERSION;
  return { hook, secrets, user: { id: userId, versions } };
}

const FIRST_VERSION = [{ version: 1, untilMs: null }] as const;

/** When a lease taken now ends. */
export function leaseUntilMs(hook: Hook, nowMs: number): number {
  return nowMs + hook.ackDeadlineMs + LEASE_MARGIN_MS;
}
