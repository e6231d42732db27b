/** The sender and the keeper of one process, which wake each other. */
import { createKeeper, type Keeper, type KeeperDeps } from "./keeper.ts";
import { createSender, type Sender, type SenderDeps } from "./sender.ts";

export interface Sending {
  readonly sender: Sender;
  readonly keeper: Keeper;
  /** Something may be due, or a hook has become active. */
  wake(): void;
}

export type SendingDeps = Omit<SenderDeps, "onActivated"> & Omit<KeeperDeps, "onReleased">;

export function createSending(deps: SendingDeps): Sending {
  const keeper = createKeeper({ ...deps, onReleased: () => sender.wake() });
  const sender = createSender({ ...deps, onActivated: keeper.wake });
  return {
    sender,
    keeper,
    wake() {
      keeper.wake();
      sender.wake();
    },
  };
}
