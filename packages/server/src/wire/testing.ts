/** Examples of event types, sent because somebody wants to see them arrive. */
import type { Catalogues } from "../webhooks/catalogue.ts";
import { createTestEvents, type TestEventDeps, type TestEvents } from "../webhooks/test-event.ts";
import type { Ground } from "./ground.ts";

/** Under one of so many grants an app's hook sees an example, or under none. */
const GRANTS_MAX = 200;

export function createTesting(
  { storage, world }: Ground,
  { catalogues, wake }: Pick<TestEventDeps, "wake"> & { readonly catalogues: Pick<Catalogues, "current"> },
): TestEvents {
  return createTestEvents({
    store: storage.webhooks,
    catalogue: catalogues.current,
    async scopesOf(appId) {
      const grants = await storage.accounts.listGrants({ appId }, { after: null, countMax: GRANTS_MAX });
      return grants.items.map(({ scopes }) => scopes);
    },
    wake,
    ...world,
  });
}
