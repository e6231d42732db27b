/** One process of the platform: it publishes, sends and keeps, until it dies. */
import type { Clock } from "../../packages/server/src/base/clock.ts";
import { createPublish, type Publish } from "../../packages/server/src/webhooks/publish.ts";
import { createSending } from "../../packages/server/src/webhooks/sending.ts";
import type { WebhookStore } from "../../packages/server/src/webhooks/store.ts";
import type { Fate } from "./fate.ts";
import { createLife, type Life } from "./life.ts";
import { type Behaviour, createNetwork, type Witness } from "./network.ts";
import type { World } from "./world.ts";

export interface Process {
  readonly life: Life;
  readonly publish: Publish;
  wake(): void;
  recall(): void;
  /** Its host's clock is off by so much from here on. */
  skew(byMs: number): void;
}

export interface ProcessDeps {
  readonly world: World;
  readonly store: WebhookStore;
  readonly fate: Fate;
  readonly witness: Witness;
  readonly behave: () => Behaviour;
  readonly policy: Parameters<typeof createSending>[0]["policy"];
  readonly inFlightMax: number;
  readonly onDeath: () => void;
}

export function startProcess(deps: ProcessDeps): Process {
  const { world, fate, witness, behave, policy, inFlightMax } = deps;
  const { clock: hostClock, dice, log, keyring } = world;
  let skewMs = 0;
  const clock: Clock = { ...hostClock, now: () => hostClock.now() + skewMs };
  const network = createNetwork({ clock, dice, witness, behave });
  const life = createLife({
    fate,
    clock,
    onDeath() {
      network.cut();
      deps.onDeath();
    },
  });
  const own = life.mortal(clock);
  const store = life.riskStore(deps.store);
  const health = life.riskStore(world.storage.health);
  const post = life.risk(network.post);
  const { sender, keeper, healthKeeper, wake } = createSending({
    ...{ store, health, post, keyring, policy, clock: own, dice, log, inFlightMax },
  });
  void sender.start();
  void keeper.start();
  void healthKeeper.start();
  return {
    life,
    publish: createPublish({ store, intake: sender, clock: own, dice, log }),
    wake,
    recall: sender.recall,
    skew(byMs) {
      skewMs = byMs;
    },
  };
}
