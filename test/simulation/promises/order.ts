/** A serial hook sees its numbers in order, one at a time, each final before the next. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Hook } from "../../../packages/server/src/webhooks/hook.ts";
import type { WebhookStore } from "../../../packages/server/src/webhooks/store.ts";
import type { History, Posting, Watcher } from "../history.ts";

export interface OrderDeps {
  readonly store: Pick<WebhookStore, "findDelivery">;
  readonly hooks: ReadonlyMap<HookId, Hook>;
}

export function order({ store, hooks }: OrderDeps, { broken, isLeased }: History): Watcher {
  const last = new Map<HookId, { readonly id: DeliveryId; readonly number: number }>();

  async function checkFinal(id: DeliveryId, number: number): Promise<void> {
    const found = await store.findDelivery(id, { kind: "all" });
    if (found?.delivery.state !== "waiting") return;
    broken(`number ${number} was posted before the one before it was final`);
  }

  return {
    posted({ claim: { hook, sequence, deliveryId } }, underWay) {
      if (!hooks.get(hook.id)?.serial || sequence === null) return;
      const isHere = ({ claim }: Posting) => claim.hook.id === hook.id && claim.sequence !== null;
      if (underWay.some((other) => isHere(other) && isLeased(other))) {
        broken(`${hook.id} is serial and has two under way`);
      }
      const before = last.get(hook.id);
      if (before !== undefined && sequence < before.number) {
        broken(`${hook.id} is serial and got number ${sequence} after ${before.number}`);
      }
      if (before !== undefined && sequence > before.number) void checkFinal(before.id, sequence);
      last.set(hook.id, { id: deliveryId, number: sequence });
    },
  };
}
