/** The catch-up feed, and who waits for it. */
import type { Catalogues } from "../webhooks/catalogue.ts";
import { createFeeds, type FeedDeps, type Feeds } from "../webhooks/feed.ts";
import { createFeedWaiting, type FeedWaiting } from "../webhooks/feed-waiting.ts";
import type { Ground } from "./ground.ts";

export interface Feeding {
  readonly feeds: Feeds;
  readonly waiting: FeedWaiting;
}

export function createFeeding(
  { storage, world }: Ground,
  given: Pick<FeedDeps, "keyring" | "wake"> & { readonly catalogues: Pick<Catalogues, "current"> },
): Feeding {
  const { keyring, catalogues, wake } = given;
  const waiting = createFeedWaiting({ store: storage.feed, ...world });
  const catalogue = catalogues.current;
  return {
    waiting,
    feeds: createFeeds({ store: storage.feed, waiting, catalogue, keyring, wake, ...world }),
  };
}
