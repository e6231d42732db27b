/** No process has more under way than it may, in all or for a hook, and nothing is sent that is no longer worth it. */
import type { HookId } from "@trulinks/protocol";
import type { Clock } from "../../../packages/server/src/base/clock.ts";
import type { Claim } from "../../../packages/server/src/webhooks/claim.ts";
import type { Hook } from "../../../packages/server/src/webhooks/hook.ts";
import type { EventRequest } from "../../../packages/server/src/webhooks/publish.ts";
import type { Broken, Watcher } from "../history.ts";

export interface LimitsDeps {
  readonly clock: Pick<Clock, "now">;
  readonly inFlightMax: number;
  readonly skewMsMax: number;
  readonly hooks: ReadonlyMap<HookId, Hook>;
  readonly published: ReadonlyMap<string, EventRequest>;
}

export function limits(deps: LimitsDeps, { broken }: Broken): Watcher {
  const { clock, inFlightMax, skewMsMax, hooks, published } = deps;

  function isExpired({ event }: Claim): boolean {
    const lifeS = published.get(event.id)?.expiresInS ?? null;
    return lifeS !== null && clock.now() - skewMsMax >= event.atMs + lifeS * 1_000;
  }

  return {
    posted({ by, claim }, underWay) {
      const { hook, deliveryId } = claim;
      const ofProcess = underWay.filter((other) => other.by === by);
      if (ofProcess.length >= inFlightMax) broken(`${by} has more than ${inFlightMax} under way`);
      const ofHook = ofProcess.filter((other) => other.claim.hook.id === hook.id);
      if (ofHook.length >= (hooks.get(hook.id)?.inFlightMax ?? 0)) {
        broken(`${hook.id} has more under way than it may`);
      }
      if (isExpired(claim)) broken(`${deliveryId} was posted after it had expired`);
    },
  };
}
