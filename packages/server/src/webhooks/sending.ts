/** The sender and the keepers of one process, which wake each other. */
import type { Part } from "../base/lifecycle.ts";
import { createHealthKeeper, type HealthKeeperDeps } from "./health-keeper.ts";
import { createHealthNotes, type HealthNotesDeps } from "./health-notes.ts";
import { createKeeper, type Keeper, type KeeperDeps } from "./keeper.ts";
import { createSender, type Sender, type SenderDeps } from "./sender.ts";

export interface Sending {
  readonly sender: Sender;
  readonly keeper: Keeper;
  readonly healthKeeper: Part;
  /** Something may be due, or a hook has become active. */
  wake(): void;
}

export type SendingDeps = Omit<SenderDeps, "onActivated" | "noteHealth" | "policy" | "onFact"> &
  Omit<KeeperDeps, "onReleased" | "policy" | "onFact"> & {
    readonly health: HealthKeeperDeps["health"] & HealthNotesDeps["health"];
    readonly policy: () => ReturnType<SenderDeps["policy"]> &
      ReturnType<KeeperDeps["policy"]> &
      ReturnType<HealthKeeperDeps["policy"]> &
      ReturnType<HealthNotesDeps["policy"]>;
    readonly onFact?: (fact: SendingFact) => void;
  };

type FactOf<Deps extends { readonly onFact?: (fact: never) => void }> = Parameters<
  NonNullable<Deps["onFact"]>
>[0];
type SendingFact = FactOf<SenderDeps> | FactOf<KeeperDeps> | FactOf<HealthKeeperDeps>;

export function createSending(deps: SendingDeps): Sending {
  const wake = () => {
    keeper.wake();
    sender.wake();
  };
  const keeper = createKeeper({ ...deps, onReleased: () => sender.wake() });
  const noteHealth = createHealthNotes({ ...deps, onReleasable: () => wake() });
  const sender = createSender({ ...deps, noteHealth, onActivated: keeper.wake });
  const healthKeeper = createHealthKeeper({
    ...deps,
    onTold: () => sender.wake(),
    onPaused: () => sender.recall(),
  });
  return { sender, keeper, healthKeeper, wake };
}
