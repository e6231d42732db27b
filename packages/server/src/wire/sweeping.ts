/** What is forgotten in time. */
import type { Part } from "../base/lifecycle.ts";
import { createSweeper, sweepOfEvents, sweepOfPayloads, sweepOfReplays } from "../webhooks/sweeper.ts";
import type { Ground } from "./ground.ts";

export function createSweeping({ storage, policy, world, tell }: Ground): Part {
  return createSweeper({
    sweeps: [
      sweepOfPayloads(storage.record, () => policy.current().webhooks),
      sweepOfEvents(storage.webhooks, () => policy.current().webhooks),
      sweepOfReplays(storage.replays, () => policy.current().webhooks),
      { name: "idempotency keys", sweep: (nowMs, countMax) => storage.idempotency.sweep(nowMs, countMax) },
    ],
    onFact: tell,
    ...world,
  });
}
