/** What a hook's last attempts say of it: how much it may have under way, and which places are for it. */
import type { HookId } from "@trulinks/protocol";
import type { Hook } from "./hook.ts";

/** `slow`: its last attempt took long, whatever came of it. `doubtful`: its last attempt failed. */
export type Trust = "sound" | "doubtful" | "slow";

export interface Footing {
  readonly trust: Trust;
  /** How much it may have under way at once. */
  readonly window: number;
}

export interface Ended {
  readonly succeeded: boolean;
  readonly tookMs: number;
}

export interface Ramp {
  footingOf(hook: Hook): Footing;
  trustOf(id: HookId): Trust;
  /** After a failure one at a time; each success doubles that, until the hook has all it may have and is forgotten. */
  note(hook: Hook, ended: Ended): void;
}

/** A receiver that has said nothing for so long may be hanging: nothing more is started for its hook until it answers. */
export const HANGING_MS = 1_000;
/** Of so many hooks it is remembered that they failed or were slow; whoever did so longest ago is forgotten. */
export const REMEMBERED_HOOKS_MAX = 16_384;

export function createRamp(): Ramp {
  const remembered = new Map<HookId, Footing>();

  const windowMax = ({ serial, inFlightMax }: Hook) => (serial ? 1 : inFlightMax);

  return {
    footingOf(hook) {
      const footing = remembered.get(hook.id);
      if (footing === undefined) return { trust: "sound", window: windowMax(hook) };
      return { trust: footing.trust, window: Math.min(footing.window, windowMax(hook)) };
    },
    trustOf: (id) => remembered.get(id)?.trust ?? "sound",
    note(hook, ended) {
      const next = footingAfter(remembered.get(hook.id), ended);
      if (next === undefined) return;
      remembered.delete(hook.id);
      if (next.trust === "sound" && next.window >= windowMax(hook)) return;
      remembered.set(hook.id, next);
      const [oldest] = remembered.size > REMEMBERED_HOOKS_MAX ? remembered.keys() : [];
      if (oldest !== undefined) remembered.delete(oldest);
    },
  };
}

/** Undefined: nothing to remember. */
function footingAfter(before: Footing | undefined, { succeeded, tookMs }: Ended): Footing | undefined {
  const isSlow = tookMs > HANGING_MS;
  if (!succeeded) return { trust: isSlow ? "slow" : "doubtful", window: 1 };
  if (!isSlow && before === undefined) return undefined;
  const window = before === undefined ? Number.MAX_SAFE_INTEGER : before.window * 2;
  return { trust: isSlow ? "slow" : "sound", window };
}
