/** What is measured of a store that is full: through its ports, as the platform asks it. */
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import type { DeliveryFilter } from "../../packages/server/src/webhooks/store.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import { median, percentile } from "../measure/statistics.ts";
import { timePublishing } from "./publishing.ts";
import { filtersOf, REACHES, type Shape, SPAN_MS } from "./shape.ts";

/** Milliseconds by what was done. */
export type Figures = ReadonlyMap<string, number>;

const PAGE = { after: null, countMax: 50 };
/** How often each is timed. */
export interface Times {
  readonly searches: number;
  readonly steps: number;
  readonly events: number;
}

export interface Measured {
  readonly figures: Figures;
  /** Which pair was the slowest, by reach. */
  readonly slowest: readonly string[];
  /** Rows that were swept while events were published. */
  readonly swept: number;
  /** Searches that found nothing where there is something. */
  readonly faults: readonly string[];
}

export async function measureStore(
  storage: Storage,
  { shape, times }: { readonly shape: Shape; readonly times: Times },
  onProgress: (line: string) => void,
): Promise<Measured> {
  const figures = new Map<string, number>();
  const slowest: string[] = [];
  const filters = Object.entries(filtersOf(shape));
  const timed = (filter: DeliveryFilter): Promise<number> =>
    medianOf(times.searches, () => storage.webhooks.listDeliveries(filter, PAGE));
  const faults: string[] = [];
  for (const [name, filter] of filters) {
    const { items } = await storage.webhooks.listDeliveries({ reach: REACHES.all, ...filter }, PAGE);
    if (items.length > 0 === name.endsWith("(none)")) faults.push(`${name} found ${items.length}`);
    figures.set(`search ${name}`, await timed({ reach: REACHES.all, ...filter }));
  }
  for (const [kind, reach] of Object.entries(REACHES)) {
    onProgress(`search   every pair of filters within the reach of ${kind}`);
    const spent: (readonly [string, number])[] = [];
    for (const [index, [name, filter]] of filters.entries()) {
      for (const [other, also] of filters.slice(index)) {
        spent.push([`${name}, ${other}`, await timed({ reach, ...filter, ...also })]);
      }
    }
    const [worst] = await again(spent, times.searches, async (pair) => {
      const [name, other] = pair.split(", ");
      return medianOf(3 * times.searches, () =>
        storage.webhooks.listDeliveries(
          { reach, ...filtersOf(shape)[name ?? ""], ...filtersOf(shape)[other ?? ""] },
          PAGE,
        ),
      );
    });
    figures.set(
      `search every pair within ${kind}, median`,
      percentile(
        spent.map(([, ms]) => ms),
        0.5,
      ),
    );
    figures.set(`search every pair within ${kind}, slowest`, worst?.[1] ?? Number.NaN);
    slowest.push(`${kind}: ${worst?.[0]}`);
  }
  onProgress("redeliver, sweep");
  const failed = await storage.webhooks.listDeliveries(
    { reach: REACHES.all, state: "failed" },
    { after: null, countMax: 200 },
  );
  const nowMs = shape.startMs + SPAN_MS + 60_000;
  let next = 0;
  figures.set(
    "redeliver one",
    await medianOf(times.steps, async () => {
      const id = failed.items[next++]?.id;
      if (id !== undefined) await storage.replays.redeliver(id, REACHES.all, nowMs);
    }),
  );
  const beforeMs = shape.startMs + SPAN_MS;
  figures.set(
    "end 100 payloads",
    await medianOf(times.steps, () => storage.record.endPayloads({ beforeMs, countMax: 100 })),
  );
  figures.set(
    "sweep 100",
    await medianOf(times.steps, () => storage.webhooks.sweep({ beforeMs, countMax: 100 })),
  );
  onProgress("publish  alone and beside sweeping");
  const { aloneMs, besideSweepingMs, swept } = await timePublishing(storage, times.events);
  figures.set("publish and settle, p99", aloneMs);
  figures.set("the same beside sweeping, p99", besideSweepingMs);
  return { figures, slowest, faults, swept };
}

/** Of very many figures the highest are what else the machine did just then: they are taken once more, and longer. */
async function again(
  spent: readonly (readonly [name: string, ms: number])[],
  count: number,
  measure: (name: string) => Promise<number>,
): Promise<readonly (readonly [name: string, ms: number])[]> {
  const slowest = spent.toSorted((one, two) => two[1] - one[1]).slice(0, 2 * count);
  const retaken: (readonly [string, number])[] = [];
  for (const [name] of slowest) retaken.push([name, await measure(name)]);
  return retaken.toSorted((one, two) => two[1] - one[1]);
}

async function medianOf(times: number, work: () => Promise<unknown>): Promise<number> {
  const spent: number[] = [];
  for (let time = 0; time < times; time++) {
    const startMs = monotonicMs();
    await work();
    spent.push(monotonicMs() - startMs);
  }
  return median(spent);
}
