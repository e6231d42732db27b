import type { Dice } from "../../base/dice.ts";
import type { Ingested } from "../../webhooks/new-event.ts";
import type { Settlement, WebhookStore } from "../../webhooks/store.ts";
import { createBounds } from "./bounds.ts";
import { createClaiming } from "./claim.ts";
import { bringBack } from "./clock.ts";
import type { Database } from "./database.ts";
import { createDeliveries } from "./deliveries.ts";
import { gather } from "./gather.ts";
import { releaseHeld } from "./hold.ts";
import { createHookSecrets } from "./hook-secrets.ts";
import { createHooks } from "./hooks.ts";
import { type IngestCall, ingestCalls } from "./ingest.ts";
import { settleAlone, settleEnds, settleRetries, settlingOf } from "./settle.ts";
import { sweep } from "./sweep.ts";

// Two at once: one reaches the disk while the other is put together. A hook that everybody has would make more wait.
const BATCHES_MAX = 2;
const EVENTS_MAX = 500;
const SETTLEMENTS_MAX = 200;
const WAITING_MAX = 10_000;

export function createWebhooks(database: Database, dice: Pick<Dice, "bytes">): WebhookStore {
  const ingest = gather<IngestCall, readonly Ingested[]>({
    run: (calls) => ingestCalls({ database, dice }, calls),
    sizeOf: ({ events }) => events.length,
    sizeMax: EVENTS_MAX,
    batchesMax: BATCHES_MAX,
    waitingMax: WAITING_MAX,
  });
  const settle = {
    end: gatherSettlements((settlements) => settleEnds(database, settlements)),
    retry: gatherSettlements((settlements) => settleRetries(database, settlements)),
    alone: (settlement: Settlement) => settleAlone(database, settlement),
  };

  return {
    ...createClaiming(database),
    ...createHooks(database, dice),
    ...createHookSecrets(database),
    ...createDeliveries(database),
    ingest: (events, claim) => ingest({ events, claim }),
    settle: (settlement) => settle[settlingOf(settlement)](settlement),
    bringBack: (nowMs) => bringBack(database, nowMs),
    releaseHeld: (nowMs, countMax) => releaseHeld(database, nowMs, countMax),
    ...createBounds(database),
    sweep: (request) => sweep(database, request),
  };
}

type SettleMany = (settlements: readonly Settlement[]) => Promise<readonly boolean[]>;

function gatherSettlements(run: SettleMany): (settlement: Settlement) => Promise<boolean> {
  return gather<Settlement, boolean>({
    run,
    sizeOf: () => 1,
    sizeMax: SETTLEMENTS_MAX,
    batchesMax: BATCHES_MAX,
    waitingMax: WAITING_MAX,
    keyOf: (settlement) => settlement.deliveryId,
  });
}
