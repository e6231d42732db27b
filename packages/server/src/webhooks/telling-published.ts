/** Whoever keeps count hears of every call to publish, also of one that the store did not take. */
import type { Clock } from "../base/clock.ts";
import type { PublishedFact } from "./fact.ts";
import type { Publish, Published } from "./publish.ts";

export interface TellingPublishedDeps {
  readonly clock: Pick<Clock, "monotonic">;
  readonly onFact: (fact: PublishedFact) => void;
}

/** The same publishing, which tells before it resolves. */
export function tellingPublished(publish: Publish, { clock, onFact }: TellingPublishedDeps): Publish {
  return async (requests) => {
    const startMs = clock.monotonic();
    const report = (results: PublishedFact["results"], deliveries: number): void =>
      onFact({ kind: "published", results, deliveries, durationMs: clock.monotonic() - startMs });
    try {
      const published = await publish(requests);
      report(countsOf(published), deliveriesOf(published));
      return published;
    } catch (error) {
      report({ failed: requests.length }, 0);
      throw error;
    }
  };
}

function countsOf(published: readonly Published[]): PublishedFact["results"] {
  const counts: Partial<Record<Published["kind"], number>> = {};
  for (const { kind } of published) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function deliveriesOf(published: readonly Published[]): number {
  return published.reduce(
    (sum, result) => (result.kind === "accepted" ? sum + result.receipt.deliveries : sum),
    0,
  );
}
