/** The platform in one of its two forms: one process with its own database, or several that share one. */
import { POLICY_DEFAULT } from "@trulinks/protocol";
import type { Dice } from "../../packages/server/src/base/dice.ts";
import type { WebhookStore } from "../../packages/server/src/webhooks/store.ts";
import type { Fate } from "./fate.ts";
import type { History } from "./history.ts";
import type { Behaviour } from "./network.ts";
import { type Process, startProcess } from "./process.ts";
import { createReopening } from "./reopening.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { createWorld, type World } from "./world.ts";

/** `embedded`: what the engine has in memory dies with the process, and its clock may be set by hours. `shared`: clocks differ a little. */
export type Form = "embedded" | "shared";

export interface PlatformOptions {
  readonly form: Form;
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly history: History;
  /** Of each process that is born, one after the other. */
  readonly fateOf: () => Fate;
  readonly behave: () => Behaviour;
  /** What everybody has for a store. */
  readonly storeOf: (store: WebhookStore) => WebhookStore;
  readonly rebirthMs: () => number;
}

export interface Platform {
  readonly form: Form;
  readonly world: World;
  /** Those that live, and those that have just died. */
  readonly processes: readonly Process[];
  deaths(): number;
  /** From here on nothing happens to anybody any more, clocks included. */
  becomeSafe(): void;
}

export const PROCESSES: Readonly<Record<Form, number>> = { embedded: 1, shared: 3 };
export const IN_FLIGHT_MAX = 6;
export const RETRIES_S = [5, 20, 60, 120];
export const SKEW_MS_MAX = 1_500;
/** Small, so that it is passed. */
const WAITING_BYTES_MAX = 4_000;

export function createPlatform(options: PlatformOptions): Platform {
  const { form, time, dice, history } = options;
  const processes: Process[] = [];
  const { storage: opened, reopen } = createReopening(dice);
  const storage = { ...opened, webhooks: options.storeOf(opened.webhooks) };
  const each = (act: (process: Process) => void) => {
    for (const process of processes) if (!process.life.isDead()) act(process);
  };
  // What people do reaches one process. Where there are several, the others find it in the store.
  const isNear = form === "embedded";
  const world = createWorld({
    clock: time.clock,
    dice,
    storage,
    wake: () => isNear && each(({ wake }) => wake()),
    recall: () => isNear && each(({ recall }) => recall()),
  });
  const store = history.watchStore(storage.webhooks);
  const policy = () => ({
    ...POLICY_DEFAULT.webhooks,
    retries_s: RETRIES_S,
    waiting_bytes_max: WAITING_BYTES_MAX,
  });
  let deaths = 0;
  let isSafe = false;

  function bear(place: number): void {
    const process = startProcess({
      ...{ world, store, policy, fate: options.fateOf(), behave: options.behave, inFlightMax: IN_FLIGHT_MAX },
      witness: history.witness(`process ${place}.${deaths}`),
      onDeath() {
        deaths++;
        if (form === "embedded") reopen();
        time.clock.after(options.rebirthMs(), () => bear(place));
      },
    });
    if (isSafe) process.life.becomeSafe();
    processes[place] = process;
  }
  for (let place = 0; place < PROCESSES[form]; place++) bear(place);

  return {
    form,
    world,
    processes,
    deaths: () => deaths,
    becomeSafe() {
      isSafe = true;
      for (const { life, skew } of processes) {
        life.becomeSafe();
        skew(0);
      }
    },
  };
}
