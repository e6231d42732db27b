/** What a claim says beside its delivery. Each hook and user is looked up once per verb. */
import { strict as assert } from "node:assert";
import type { HookId, UserId } from "@trulinks/protocol";
import type { Claim, SealedSecret } from "../../webhooks/claim.ts";
import { LEASE_MARGIN_MS } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { Database } from "./database.ts";
import { findHookRow, toHook } from "./hook-row.ts";
import { liveSecrets, liveVersions } from "./hook-secrets.ts";

export interface ClaimContext {
  hookOf(id: HookId): KnownHook;
  userOf(hookId: HookId, userId: UserId): NonNullable<Claim["user"]>;
  /** When a lease taken now ends. */
  leaseUntilMs(hook: Hook): number;
}

export interface KnownHook {
  readonly hook: Hook;
  readonly secrets: readonly SealedSecret[];
  /** Before anything this verb stores. */
  readonly lastSequence: number;
}

export function createClaimContext(database: Database, nowMs: number): ClaimContext {
  const hooks = new Map<HookId, KnownHook>();
  const users = new Map<string, NonNullable<Claim["user"]>>();

  return {
    hookOf(id) {
      const known = hooks.get(id);
      if (known !== undefined) return known;
      const row = findHookRow(database, id);
      // A hook takes its waiting deliveries with it when it goes.
      assert(row !== undefined, `hook ${id} is gone`);
      const found = {
        hook: toHook(row),
        secrets: liveSecrets(database, id, nowMs),
        lastSequence: row.last_sequence,
      };
      hooks.set(id, found);
      return found;
    },

    userOf(hookId, userId) {
      const key = `${hookId} ${userId}`;
      const known = users.get(key);
      if (known !== undefined) return known;
      const found = { id: userId, versions: liveVersions(database, { hookId, userId, nowMs }) };
      users.set(key, found);
      return found;
    },

    leaseUntilMs: (hook) => nowMs + hook.ackDeadlineMs + LEASE_MARGIN_MS,
  };
}
