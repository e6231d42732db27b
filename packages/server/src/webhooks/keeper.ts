/** Looks after what waits: makes due what was kept for a hook, and ends what has expired or is more than may wait. */
import type { HookId, Policy } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import type { ExpiredFact } from "./fact.ts";
import type { WebhookStore } from "./store.ts";

export interface Keeper extends Part {
  /** A hook has become active: look at once for what was kept for it. */
  wake(): void;
}

export interface KeeperDeps {
  readonly store: Pick<WebhookStore, "releaseHeld" | "expire" | "trim" | "bringBack">;
  readonly policy: () => Pick<Policy["webhooks"], "waiting_days_max" | "waiting_bytes_max">;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFact?: (fact: ExpiredFact) => void;
  /** What was kept may be due now. */
  readonly onReleased: () => void;
}

// Each step is one transaction, and nobody waits long behind it.
export const RELEASED_MAX = 500;
export const EXPIRED_MAX = 500;
export const TRIMMED_HOOKS_MAX = 100;

const DAY_MS = 24 * 3_600_000;
const STEP_PAUSE_MS = 50;
// Whoever makes a hook active in this process wakes us; this is for what other processes do.
const RELEASE_PAUSE_MS_MAX = 10_000;
// So much after its time a delivery may still be shown as waiting; it is not sent any more.
const EXPIRE_PAUSE_MS = 1_000;
const TRIM_PAUSE_MS = 60_000;
const CLOCK_PAUSE_MS = 1_000;
// Hosts whose clocks are kept right are off by less than that.
const CLOCK_BACK_MS = 10_000;
const FAILURE_PAUSE_MS = 5_000;

/** Does one step and says for how long there is nothing to do. */
type Step = () => Promise<number>;

export function createKeeper(deps: KeeperDeps): Keeper {
  const { clock, log } = deps;
  const sleeping = new Map<string, AbortController>();
  const duties = Object.entries({
    release: releasing(deps),
    expire: expiring(deps),
    trim: trimming(deps),
    clock: watching(deps),
  });
  let isStopping = false;
  let isWoken = false;
  let working: Promise<unknown> = Promise.resolve();

  async function sleep(duty: string, delayMs: number): Promise<void> {
    if (isStopping || (duty === "release" && isWoken)) return;
    const controller = new AbortController();
    sleeping.set(duty, controller);
    await clock.sleep(delayMs, controller.signal).catch(() => {});
  }

  async function work(duty: string, step: Step): Promise<void> {
    while (!isStopping) {
      if (duty === "release") isWoken = false;
      const pauseMs = await step().catch((error) => {
        log.warn("keeper.failed", { duty, error });
        return FAILURE_PAUSE_MS;
      });
      await sleep(duty, pauseMs);
    }
  }

  return {
    name: "keeper",
    wake() {
      isWoken = true;
      sleeping.get("release")?.abort();
    },
    async start() {
      working = Promise.all(duties.map(([duty, step]) => work(duty, step)));
    },
    async stop() {
      isStopping = true;
      for (const controller of sleeping.values()) controller.abort();
      await working;
    },
  };
}

function releasing({ store, clock, onReleased }: KeeperDeps): Step {
  return async () => {
    const nextMs = await store.releaseHeld(clock.now(), RELEASED_MAX);
    onReleased();
    if (nextMs === null) return RELEASE_PAUSE_MS_MAX;
    return Math.min(Math.max(nextMs - clock.now(), STEP_PAUSE_MS), RELEASE_PAUSE_MS_MAX);
  };
}

function expiring(deps: KeeperDeps): Step {
  const { store, clock } = deps;
  return async () => {
    const count = await store.expire(clock.now(), EXPIRED_MAX);
    tellExpired(deps, count, "time-to-live");
    return count < EXPIRED_MAX ? EXPIRE_PAUSE_MS : STEP_PAUSE_MS;
  };
}

/** From hook to hook, and then from the first again. */
function trimming(deps: KeeperDeps): Step {
  const { store, policy, clock } = deps;
  let afterHook: HookId | null = null;
  return async () => {
    const nowMs = clock.now();
    const { waiting_days_max: daysMax, waiting_bytes_max: bytesMax } = policy();
    const olderThanMs = nowMs - daysMax * DAY_MS;
    const trimmed = await store.trim({
      nowMs,
      olderThanMs,
      bytesMax,
      afterHook,
      hooksMax: TRIMMED_HOOKS_MAX,
    });
    tellExpired(deps, trimmed.expired, "bounds");
    afterHook = trimmed.afterHook;
    return afterHook === null ? TRIM_PAUSE_MS : STEP_PAUSE_MS;
  };
}

/** Where the host's clock is set back, nothing waits for a time that was only ahead. Set forward, things come early, at their pace. */
function watching({ store, clock, log, onReleased }: KeeperDeps): Step {
  let aheadMs = clock.now() - clock.monotonic();
  return async () => {
    const offsetMs = clock.now() - clock.monotonic();
    if (offsetMs < aheadMs - CLOCK_BACK_MS) {
      const moved = await store.bringBack(clock.now());
      log.warn("clock.set-back", { by_s: Math.round((aheadMs - offsetMs) / 1_000), moved });
      onReleased();
    }
    aheadMs = offsetMs;
    return CLOCK_PAUSE_MS;
  };
}

function tellExpired({ log, onFact }: KeeperDeps, count: number, because: ExpiredFact["because"]): void {
  if (count === 0) return;
  log.info("deliveries.expired", { count, because });
  onFact?.({ kind: "expired", because, count });
}
