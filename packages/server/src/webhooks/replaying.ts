/** What can be asked of replays, and who works at them in this process. */
import type { World } from "../base/world.ts";
import type { ReplayStore } from "./replay-store.ts";
import { createReplayer, type Replayer } from "./replayer.ts";
import { createReplays, type Replays } from "./replays.ts";

export interface ReplayingDeps extends World {
  readonly store: ReplayStore;
  readonly wakeSender: () => void;
}

export function createReplaying(deps: ReplayingDeps): {
  readonly replayer: Replayer;
  readonly replays: Replays;
} {
  const replayer = createReplayer({ ...deps, onReleased: deps.wakeSender });
  return { replayer, replays: createReplays({ ...deps, wakeReplayer: replayer.wake }) };
}
