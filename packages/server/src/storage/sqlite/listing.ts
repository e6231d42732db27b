/**
 * The indexes of deliveries trail behind: a delivery is stored and settled in rows that no index has, and taken into
 * the indexes with many others. Whoever looks for deliveries by anything but their key lists them first.
 */
import type { Database } from "./database.ts";

export interface Listing {
  /** The row of the next delivery that is stored. */
  nextKey(): number;
  /** Takes what was stored since into the indexes. */
  bring(): void;
  /** Whether it is so much that whoever looks next would have to wait for it. */
  isMuch(): boolean;
  /** Looks again, after a transaction was undone. */
  reset(): void;
}

// Listing a delivery costs some 10 µs, less the more are listed at once: they then share the pages that they dirty. So
// many hold up others for some 50 ms.
const UNLISTED_MAX = 8_000;

export function createListing(database: Database): Listing {
  let through = 0;
  let last = 0;

  function reset(): void {
    const row = database.get<{ readonly through: number; readonly last: number | null }>(
      "SELECT listed_through AS through, (SELECT max(key) FROM deliveries) AS last FROM engine WHERE id = 1",
    );
    through = row?.through ?? 0;
    // What was swept away lies behind, so no key is given twice.
    last = Math.max(row?.last ?? 0, through);
  }

  function bring(): void {
    if (last === through) return;
    database.run(
      "UPDATE deliveries SET is_listed = 1 WHERE key > ? AND key <= ? AND is_listed = 0",
      through,
      last,
    );
    database.run("UPDATE engine SET listed_through = ? WHERE id = 1", last);
    through = last;
  }

  reset();
  return {
    nextKey() {
      last += 1;
      return last;
    },
    bring,
    isMuch: () => last - through >= UNLISTED_MAX,
    reset,
  };
}
