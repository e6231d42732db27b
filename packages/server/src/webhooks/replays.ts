/** What can be asked of replays, and of one delivery that is to be sent once more. */
import { type DeliveryId, ID_CHANCE_BYTES, makeId, type ReplayId } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import { REPLAYS_MAX, REPLAYS_PER_OWNER_MAX, type ReplayFilter, type ReplayReach } from "./replay.ts";
import type { Redelivered, ReplayChange, ReplayChanged, ReplayMade, ReplayStore } from "./replay-store.ts";
import type { DeliveryReach } from "./store.ts";

export interface ReplayRequest {
  readonly reach: ReplayReach;
  readonly filter: ReplayFilter;
  /** Null: as many as the sender works off. */
  readonly perS: number | null;
}

export interface Replays {
  begin(request: ReplayRequest): Promise<ReplayMade>;
  change(id: ReplayId, reach: ReplayReach, change: ReplayChange): Promise<ReplayChanged>;
  redeliver(id: DeliveryId, reach: DeliveryReach): Promise<Redelivered>;
}

export interface ReplaysDeps {
  readonly store: Pick<ReplayStore, "redeliver" | "createReplay" | "changeReplay">;
  readonly clock: Pick<Clock, "now">;
  readonly dice: Pick<Dice, "bytes">;
  readonly log: Log;
  /** A replay may have something to do. */
  readonly wakeReplayer: () => void;
  /** Something may be due. */
  readonly wakeSender: () => void;
}

export function createReplays({ store, clock, dice, log, wakeReplayer, wakeSender }: ReplaysDeps): Replays {
  return {
    async begin(request) {
      const nowMs = clock.now();
      const id = makeId("replay", nowMs, dice.bytes(ID_CHANCE_BYTES));
      const bounds = { ownedMax: REPLAYS_PER_OWNER_MAX, countMax: REPLAYS_MAX };
      const made = await store.createReplay({ ...request, ...bounds, id, nowMs });
      if (made.kind === "made") {
        log.info("replay.begun", { replay: id, by: request.reach.kind, states: request.filter.states });
        wakeReplayer();
      }
      return made;
    },

    async change(id, reach, change) {
      const changed = await store.changeReplay(id, reach, change, clock.now());
      if (changed.kind === "changed") {
        const { state, perS } = changed.replay;
        log.info("replay.changed", { replay: id, state, per_s: perS });
        wakeReplayer();
      }
      return changed;
    },

    async redeliver(id, reach) {
      const redelivered = await store.redeliver(id, reach, clock.now());
      if (redelivered.kind === "waiting") {
        log.info("delivery.redelivered", { delivery: id });
        wakeSender();
      }
      return redelivered;
    },
  };
}
