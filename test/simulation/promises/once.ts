/** None is posted again after it was settled, nor twice at once, nor with other bytes. */
import type { DeliveryId } from "@trulinks/protocol";
import type { History, Posting, Watcher } from "../history.ts";

export interface Once extends Watcher {
  wasAccepted(id: DeliveryId): boolean;
}

export function once({ broken, isLeased }: History): Once {
  const settledAs = new Map<DeliveryId, string>();
  const bodies = new Map<DeliveryId, string>();
  const accepted = new Set<DeliveryId>();
  return {
    wasAccepted: (id) => accepted.has(id),
    accepted: ({ claim }) => void accepted.add(claim.deliveryId),
    settled({ deliveryId, next }) {
      if (next.kind !== "retry") settledAs.set(deliveryId, next.kind);
    },
    posted({ claim, body }, underWay) {
      const { deliveryId } = claim;
      const ended = settledAs.get(deliveryId);
      if (ended !== undefined) broken(`${deliveryId} was posted again after it was ${ended}`);
      const isSame = ({ claim: other }: Posting) => other.deliveryId === deliveryId;
      if (underWay.some((other) => isSame(other) && isLeased(other))) {
        broken(`${deliveryId} was posted twice at once`);
      }
      if ((bodies.get(deliveryId) ?? body) !== body) broken(`${deliveryId} was sent with other bytes`);
      bodies.set(deliveryId, body);
    },
  };
}
