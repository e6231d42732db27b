/** Whether what is `delivered` in the store of a platform that was stopped is what the receiver saw, and nothing else. */
import type { HookId } from "@trulinks/protocol";
import { openStore } from "../contenders/data-folder.ts";
import type { PlatformUnderTest } from "../contenders/platform.ts";
import type { Arrivals } from "../receiver/arrivals.ts";
import { countSeen } from "./seen.ts";

const PAGE = 200;

/** The hooks' paths are the numbers from 0 on. */
export async function deliveredMatches(
  { platform, hookIds }: PlatformUnderTest,
  arrivals: Arrivals,
): Promise<{ readonly deliveries: number; readonly faults: readonly string[] }> {
  const seen = countSeen([arrivals], 0, hookIds.length);
  const indexes = new Map(hookIds.map((id, index) => [id as HookId, index]));
  const storage = await openStore(platform.dataFolder);
  let deliveries = 0;
  let unseen = 0;
  try {
    let after: string | null = null;
    do {
      const filter = { reach: { kind: "all" }, state: "delivered" } as const;
      const page = await storage.webhooks.listDeliveries(filter, { after, countMax: PAGE });
      for (const { hookId, sequence } of page.items) {
        deliveries += 1;
        if (!seen[indexes.get(hookId) ?? -1]?.sequences.has(sequence ?? 0)) unseen += 1;
      }
      after = page.next;
    } while (after !== null);
  } finally {
    await storage.close();
  }
  const answered = seen.reduce((sum, { sequences }) => sum + sequences.size, 0);
  const faults = [
    ...(unseen > 0 ? [`${unseen} are delivered in the store, and the receiver never saw them`] : []),
    ...(answered !== deliveries
      ? [`the receiver answered ${answered}, the store has ${deliveries} delivered`]
      : []),
  ];
  return { deliveries, faults };
}
