/** How long an event takes through the store, from publishing to the last of its settlements, alone and beside sweeping. */
import { setTimeout as sleep } from "node:timers/promises";
import { ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import { systemClock } from "../../packages/server/src/base/clock.ts";
import { systemDice } from "../../packages/server/src/base/dice.ts";
import { createLog } from "../../packages/server/src/base/log.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import type { Claim } from "../../packages/server/src/webhooks/claim.ts";
import type { NewEvent } from "../../packages/server/src/webhooks/new-event.ts";
import { createSweeper, sweepOfEvents } from "../../packages/server/src/webhooks/sweeper.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import { percentile } from "../measure/statistics.ts";

const GAP_MS = 20;

export interface Publishing {
  readonly aloneMs: number;
  readonly besideSweepingMs: number;
  /** Rows that were swept meanwhile. */
  readonly swept: number;
}

/** The 99th percentile of each. Each event reaches eleven hooks, and each of its deliveries is settled at once. */
export async function timePublishing(storage: Storage, events: number): Promise<Publishing> {
  const aloneMs = await publishing(storage, events);
  let swept = 0;
  const sweeper = createSweeper({
    sweeps: [sweepOfEvents(storage.webhooks, () => ({ retention_days: 1 }))],
    clock: systemClock,
    log: createLog({ level: "warn" }),
    onFact: ({ count }) => {
      swept += count;
    },
  });
  await sweeper.start();
  const besideSweepingMs = await publishing(storage, events);
  await sweeper.stop();
  return { aloneMs, besideSweepingMs, swept };
}

async function publishing(storage: Storage, events: number): Promise<number> {
  const spentMs: number[] = [];
  const underway: Promise<void>[] = [];
  for (let n = 0; n < events; n++) {
    const startMs = monotonicMs();
    underway.push(
      publishOne(storage).then(() => {
        spentMs.push(monotonicMs() - startMs);
      }),
    );
    await sleep(GAP_MS);
  }
  await Promise.all(underway);
  return percentile(spentMs, 0.99);
}

async function publishOne({ webhooks }: Storage): Promise<void> {
  const claim = { nowMs: Date.now(), countMax: 50, retriesMax: 0, hookMax: 8, exceptHooks: [] };
  const [accepted] = await webhooks.ingest([eventNow()], claim);
  if (accepted?.kind !== "accepted") throw new Error(`The event was ${accepted?.kind}.`);
  await Promise.all(accepted.claims.map((of) => settle({ webhooks }, of)));
}

async function settle({ webhooks }: Pick<Storage, "webhooks">, claim: Claim): Promise<void> {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1, totalMs: 1 };
  await webhooks.settle({
    deliveryId: claim.deliveryId,
    lease: claim.lease,
    attempt: {
      ...{ number: claim.attempt, atMs: Date.now(), outcome: "accepted", status: 200, guideline: null },
      ...{ timings, exchange: null },
    },
    next: { kind: "delivered" },
    nowMs: Date.now(),
  });
}

function eventNow(): NewEvent {
  const atMs = Date.now();
  return {
    ...{ id: makeId("event", atMs, systemDice.bytes(ID_CHANCE_BYTES)), receiptKeys: [], fingerprint: "" },
    ...{
      type: "common.type_1",
      action: "made",
      data: '{"number":1}',
      userIds: ["u8" as never],
      groupIds: [],
    },
    ...{ atMs, key: null, expiresAtMs: null, sensitive: [], scopes: null, fieldScopes: [], trace: null },
  };
}
