import type { Delivery, DeliveryFilter, WebhookStore } from "../../packages/server/src/webhooks/store.ts";

/** Every delivery there is, newest first. */
export async function listAll(
  store: Pick<WebhookStore, "listDeliveries">,
  filter: Omit<DeliveryFilter, "reach">,
): Promise<readonly Delivery[]> {
  const all: Delivery[] = [];
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<typeof store.listDeliveries>> = await store.listDeliveries(
      { reach: { kind: "all" }, ...filter },
      { after, countMax: 200 },
    );
    all.push(...page.items);
    if (page.next === null) return all;
    after = page.next;
  }
}
