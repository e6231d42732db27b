/** What was kept for a hook comes at the pace that was chosen. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Clock } from "../../../packages/server/src/base/clock.ts";
import type { Broken, Watcher } from "../history.ts";

export interface Pace extends Watcher {
  /** The hook delivers again, and these are released, so many a second. */
  released(hookId: HookId, perS: number | null, kept: readonly DeliveryId[]): void;
}

interface Release {
  readonly perS: number;
  readonly fromMs: number;
  readonly kept: Set<DeliveryId>;
  longestMs: number;
  came: number;
}

export function pace(clock: Pick<Clock, "now">, skewMsMax: number, { broken }: Broken): Pace {
  const releases = new Map<HookId, Release>();
  return {
    released(hookId, perS, kept) {
      if (perS === null) return void releases.delete(hookId);
      const release = { perS, fromMs: clock.now(), kept: new Set(kept), longestMs: 0, came: 0 };
      releases.set(hookId, release);
    },
    posted({ claim: { hook, deliveryId } }) {
      const release = releases.get(hook.id);
      if (release === undefined || !release.kept.delete(deliveryId)) return;
      release.came += 1;
      // The clock may have been set meanwhile; and what was not used up of a second is used up in the next.
      release.longestMs = Math.max(release.longestMs, clock.now() - release.fromMs);
      const most = 1 + Math.max(1, release.perS) + (release.perS * (release.longestMs + skewMsMax)) / 1_000;
      if (release.came > most) broken(`${hook.id} got more than ${release.perS}/s of what was kept for it`);
    },
  };
}
