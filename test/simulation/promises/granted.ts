/** Nothing is posted for a grant that was revoked, unless it was leased before. */
import type { AppId, UserId } from "@trulinks/protocol";
import type { History, Watcher } from "../history.ts";

export interface Granted extends Watcher {
  granted(userId: UserId, appId: AppId): void;
  revoked(userId: UserId, appId: AppId): void;
  wasEverRevoked(userId: UserId, appId: AppId): boolean;
}

interface Revocation {
  readonly step: number;
  isLiveAgain: boolean;
}

export function granted({ broken, nextStep }: History): Granted {
  const revocations = new Map<string, Revocation>();
  const pairOf = (userId: UserId, appId: AppId) => `${userId} ${appId}`;
  return {
    granted(userId, appId) {
      const revocation = revocations.get(pairOf(userId, appId));
      if (revocation !== undefined) revocation.isLiveAgain = true;
    },
    revoked(userId, appId) {
      revocations.set(pairOf(userId, appId), { step: nextStep(), isLiveAgain: false });
    },
    wasEverRevoked: (userId, appId) => revocations.has(pairOf(userId, appId)),
    posted({ claim, claimedStep, storedStep }) {
      const { hook, user, deliveryId } = claim;
      if (hook.owner.kind !== "app" || user === null) return;
      const revocation = revocations.get(pairOf(user.id, hook.owner.appId));
      if (revocation === undefined || claimedStep < revocation.step) return;
      if (revocation.isLiveAgain && storedStep > revocation.step) return;
      broken(`${deliveryId} was posted for a grant that was revoked`);
    },
  };
}
