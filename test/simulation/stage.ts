/** Everything a simulation is made of, and what is watched in it. */
import type { AppId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { Dice } from "../../packages/server/src/base/dice.ts";
import type { Hook } from "../../packages/server/src/webhooks/hook.ts";
import type { EventRequest } from "../../packages/server/src/webhooks/publish.ts";
import type { History } from "./history.ts";
import { createHistory } from "./history.ts";
import {
  createPlatform,
  IN_FLIGHT_MAX,
  type Platform,
  type PlatformOptions,
  SKEW_MS_MAX,
} from "./platform.ts";
import { type Expiry, expiry } from "./promises/expiry.ts";
import { type Granted, granted } from "./promises/granted.ts";
import { limits } from "./promises/limits.ts";
import { type Once, once } from "./promises/once.ts";
import { order } from "./promises/order.ts";
import { type Pace, pace } from "./promises/pace.ts";
import { signed } from "./promises/signed.ts";
import { createKnownSecrets, type KnownSecrets } from "./secrets.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { World } from "./world.ts";

export interface Stage {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly platform: Platform;
  readonly world: World;
  readonly history: History;
  readonly promises: Promises;
  readonly secrets: KnownSecrets;
  readonly users: readonly UserId[];
  readonly apps: readonly AppId[];
  readonly hooks: Map<HookId, Hook>;
  readonly goneHooks: Set<HookId>;
  readonly grants: Map<string, GrantId>;
  /** Events that were answered with 202, and how many deliveries the answer named. */
  readonly acknowledged: Map<string, number>;
  readonly published: Map<string, EventRequest>;
}

export interface Promises {
  readonly once: Once;
  readonly granted: Granted;
  readonly pace: Pace;
  readonly expiry: Expiry;
}

export type StageOptions = Omit<PlatformOptions, "history">;

export async function createStage(options: StageOptions): Promise<Stage> {
  const { time, dice, form } = options;
  const { clock } = time;
  const skewMsMax = form === "shared" ? SKEW_MS_MAX : 0;
  // Two clocks may be off, each to its side.
  const history = createHistory(clock, 2 * skewMsMax);
  const platform = createPlatform({ ...options, history });
  const { world } = platform;
  const secrets = createKnownSecrets();
  const hooks = new Map<HookId, Hook>();
  const goneHooks = new Set<HookId>();
  const published = new Map<string, EventRequest>();
  const store = world.storage.webhooks;
  const promises: Promises = {
    once: once(history),
    granted: granted(history),
    pace: pace(clock, skewMsMax, history),
    expiry: expiry({ time, store, published, skewMsMax }, history),
  };
  history.watch(
    ...Object.values(promises),
    signed(clock, secrets, history),
    limits({ clock, inFlightMax: IN_FLIGHT_MAX, skewMsMax, hooks, published }, history),
    order({ store, hooks }, history),
    {
      settled({ deliveryId, next }) {
        if (next.kind !== "failed" || next.because !== "gone") return;
        const hookId = history.hookOf(deliveryId);
        if (hookId !== null) goneHooks.add(hookId);
      },
    },
  );
  return {
    ...{ time, dice, platform, world, history, promises, secrets, hooks, goneHooks, published },
    users: await Promise.all(["ada", "ben", "cleo", "dan"].map(world.makeUser)),
    apps: [await world.makeApp(), await world.makeApp()],
    grants: new Map(),
    acknowledged: new Map(),
  };
}

export function pick<Item>(dice: Pick<Dice, "roll">, items: Iterable<Item>): Item {
  const all = [...items];
  const item = all[Math.floor(dice.roll() * all.length)];
  if (item === undefined) throw new Error("There is nothing to choose from.");
  return item;
}
