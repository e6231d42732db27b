/** No process has more under way than it may, in all or for a hook, and nothing is sent that is no longer worth it. */
import type { Clock } from "../../../packages/server/src/base/clock.ts";
import type { Broken, Watcher } from "../history.ts";

export interface LimitsOptions {
  readonly inFlightMax: number;
  readonly skewMsMax: number;
}

export function limits(
  clock: Pick<Clock, "now">,
  { inFlightMax, skewMsMax }: LimitsOptions,
  { broken }: Broken,
): Watcher {
  return {
    posted({ by, claim }, underWay) {
      const { hook, deliveryId, expiresAtMs } = claim;
      const ofProcess = underWay.filter((other) => other.by === by);
      if (ofProcess.length >= inFlightMax) broken(`${by} has more than ${inFlightMax} under way`);
      const ofHook = ofProcess.filter((other) => other.claim.hook.id === hook.id);
      if (ofHook.length >= hook.inFlightMax) broken(`${hook.id} has more under way than it may`);
      if (expiresAtMs !== null && clock.now() - skewMsMax >= expiresAtMs) {
        broken(`${deliveryId} was posted after it had expired`);
      }
    },
  };
}
