/** What receivers know: the secrets that they were told, and until when each is good. */
import type { HookId, UserId } from "@trulinks/protocol";
import { SECRET_OVERLAP_MS } from "../../packages/server/src/webhooks/hook.ts";

export interface KnownSecrets {
  /** The newest secret of a hook, or of one user at a hook; those before it are good for another day. */
  learn(hookId: HookId, userId: UserId | null, secret: string, nowMs: number): void;
  /** What is good at `nowMs`. */
  live(hookId: HookId, userId: UserId | null, nowMs: number): readonly string[];
}

export function createKnownSecrets(): KnownSecrets {
  const known = new Map<string, { readonly secret: string; untilMs: number }[]>();
  const nameOf = (hookId: HookId, userId: UserId | null) => `${hookId} ${userId ?? ""}`;
  return {
    learn(hookId, userId, secret, nowMs) {
      const earlier = known.get(nameOf(hookId, userId)) ?? [];
      for (const one of earlier) one.untilMs = Math.min(one.untilMs, nowMs + SECRET_OVERLAP_MS);
      known.set(nameOf(hookId, userId), [...earlier, { secret, untilMs: Number.POSITIVE_INFINITY }]);
    },
    live: (hookId, userId, nowMs) =>
      (known.get(nameOf(hookId, userId)) ?? []).flatMap(({ secret, untilMs }) =>
        untilMs > nowMs ? [secret] : [],
      ),
  };
}
