/** Who has leased deliveries hears of every end, so that none of what has ended is posted once the end is answered. */
import type { AccountStore } from "./store.ts";

/** The same store, which calls `onEnd` when a user, an app or a grant has ended, before its promise resolves. */
export function tellingEnds(store: AccountStore, onEnd: () => void): AccountStore {
  const telling =
    <Id, Ended>(end: (id: Id, nowMs: number) => Promise<Ended | null>) =>
    async (id: Id, nowMs: number) => {
      const ended = await end(id, nowMs);
      if (ended !== null) onEnd();
      return ended;
    };
  return {
    ...store,
    deleteUser: telling(store.deleteUser),
    deleteApp: telling(store.deleteApp),
    revokeGrant: telling(store.revokeGrant),
  };
}
