/** What is ended as expired had a time that has come, or had waited too long, or had more behind it than may wait. */
import type { DeliveryId } from "@trulinks/protocol";
import type { EventRequest } from "../../../packages/server/src/webhooks/publish.ts";
import type { Delivery, WebhookStore } from "../../../packages/server/src/webhooks/store.ts";
import type { Trim } from "../../../packages/server/src/webhooks/trim.ts";
import type { Broken, Watcher } from "../history.ts";
import { listAll } from "../list-all.ts";
import type { VirtualTime } from "../virtual-time.ts";

export interface Expiry extends Watcher {
  /** Looks at what was ended since it was asked last. */
  check(): Promise<void>;
  wasTrimmed(id: DeliveryId): boolean;
}

export interface ExpiryDeps {
  readonly time: Pick<VirtualTime, "latestMs">;
  readonly store: Pick<WebhookStore, "listDeliveries">;
  readonly published: ReadonlyMap<string, EventRequest>;
  readonly skewMsMax: number;
}

export function expiry({ time, store, published, skewMsMax }: ExpiryDeps, { broken }: Broken): Expiry {
  const trimmed = new Set<DeliveryId>();
  const known = new Set<DeliveryId>();
  const trims: Trim[] = [];
  let isNew = false;
  /** For when it would have been tried again: if its time comes before that, it has ended. */
  const triedAgainMs = new Map<DeliveryId, number>();

  const bytesOf = ({ eventId }: Delivery) => JSON.stringify(published.get(eventId)?.data ?? {}).length;

  function isTrimmed({ hookId, sequence, createdAtMs }: Delivery, all: readonly Delivery[]): boolean {
    const newer = all.filter((other) => other.hookId === hookId && (other.sequence ?? 0) >= (sequence ?? 0));
    const bytes = newer.reduce((sum, other) => sum + bytesOf(other), 0);
    return trims.some(({ olderThanMs, bytesMax }) => createdAtMs < olderThanMs || bytes > bytesMax);
  }

  return {
    wasTrimmed: (id) => trimmed.has(id),
    settled({ deliveryId, next }) {
      if (next.kind === "retry") triedAgainMs.set(deliveryId, next.atMs);
    },
    trims: (trim) => void trims.push(trim),
    expired() {
      isNew = true;
    },
    async check() {
      if (!isNew) return;
      isNew = false;
      const all = await listAll(store, {});
      for (const delivery of all) {
        const { id, expiresAtMs, state } = delivery;
        if (state !== "expired" || known.has(id)) continue;
        known.add(id);
        const latestMs = Math.max(time.latestMs() + skewMsMax, triedAgainMs.get(id) ?? 0);
        if (expiresAtMs !== null && latestMs >= expiresAtMs) continue;
        if (isTrimmed(delivery, all)) trimmed.add(id);
        else broken(`${id} was ended as expired before its time`);
      }
    },
  };
}
