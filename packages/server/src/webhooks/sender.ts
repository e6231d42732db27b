/**
 * Sends what is due: what publishers hand over at once, and what waits in the store. A claim is a lease, so a
 * process that dies here leaves nothing to clean up.
 */
import type { HookId } from "@trulinks/protocol";
import type { Part } from "../base/lifecycle.ts";
import { type AttemptDeps, attemptDelivery, canStart } from "./attempt.ts";
import { createBacklog } from "./backlog.ts";
import type { Hook } from "./hook.ts";
import type { Intake } from "./publish.ts";
import { createSlots } from "./slots.ts";
import type { Claim, WebhookStore } from "./store.ts";

export interface Sender extends Part, Intake {
  /** Something may be due now: look at once. */
  wake(): void;
}

export interface SenderDeps extends AttemptDeps {
  readonly store: Pick<WebhookStore, "claimDue" | "release" | "settle" | "findNextDueMs">;
  /** Deliveries under way at once in this process. */
  readonly inFlightMax: number;
}

// Other processes may make deliveries due without waking us, so the store is asked at least this often.
const PAUSE_MS_MAX = 1_000;
// Between asking what is due and when the next is due, one may have become so; this keeps that from spinning.
const PAUSE_MS_MIN = 5;
const FAILURE_PAUSE_MS_MIN = 100;
const FAILURE_PAUSE_MS_MAX = 5_000;
/** Of what is leased beyond the places there are, this much is kept at hand; the rest goes back. */
const BACKLOG_MAX = 1_024;
const SLOW_MAX = 1_024;

export function createSender(deps: SenderDeps): Sender {
  const { store, clock, log } = deps;
  const slots = createSlots(deps.inFlightMax);
  const backlog = createBacklog();
  /** Hooks that could not even use up what was at hand for them. */
  const slow = new Set<HookId>();
  /** Hooks that were left out when the store was last asked: it may hold more of theirs. */
  let passedOver = new Map<HookId, Hook>();
  /** True while the store may hold more that is due than there were places for. */
  let isMoreDue = false;
  const underWay = new Set<Promise<void>>();
  let isWoken = false;
  let sleeping: AbortController | null = null;
  const stopping = new AbortController();
  let working: Promise<void> = Promise.resolve();

  function wake(): void {
    isWoken = true;
    sleeping?.abort();
  }

  async function sleepUntilWoken(delayMs: number): Promise<void> {
    if (isWoken) return;
    sleeping = new AbortController();
    await clock.sleep(delayMs, sleeping.signal).catch(() => {});
    sleeping = null;
  }

  /** Of such a hook nothing more is claimed: it is full, and what is at hand for it lasts. */
  function isSated(hook: Hook): boolean {
    if (!slots.isFull(hook)) return false;
    return slow.has(hook.id) || backlog.size() >= BACKLOG_MAX || backlog.countOf(hook.id) >= hook.inFlightMax;
  }

  function sated(): Map<HookId, Hook> {
    const known = [...slots.hooks(), ...backlog.hooks()];
    return new Map(known.filter(isSated).map((hook) => [hook.id, hook]));
  }

  function track(work: Promise<void>): void {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  }

  function giveBack(claims: readonly Claim[]): void {
    if (claims.length === 0) return;
    const released = store.release(claims, clock.now());
    // Their leases run out by themselves.
    track(released.catch((error) => log.warn("sender.release-failed", { claims: claims.length, error })));
  }

  function giveBackStale(): void {
    const stale = backlog.takeStale(clock.now());
    if (slow.size > SLOW_MAX) slow.clear();
    for (const { hook } of stale) slow.add(hook.id);
    giveBack(stale);
  }

  function start(claim: Claim): boolean {
    if (!slots.enter(claim.hook)) return false;
    track(carryOut(claim));
    return true;
  }

  async function carryOut(claim: Claim): Promise<void> {
    try {
      if (canStart(claim, clock.now())) await attemptDelivery(deps, claim);
    } catch (error) {
      // Its lease runs out, and then it is tried again.
      log.error("delivery.attempt-failed", { delivery: claim.deliveryId, hook: claim.hook.id, error });
    }
    slots.leave(claim.hook);
    makeUseOfPlace();
  }

  function makeUseOfPlace(): void {
    if (stopping.signal.aborted) return;
    giveBackStale();
    backlog.startSome((claim) => {
      const isStarted = start(claim);
      if (isStarted) slow.delete(claim.hook.id);
      return isStarted;
    });
    const isHungry = isMoreDue && slots.free() > 0;
    if (isHungry || [...passedOver.values()].some((hook) => !isSated(hook))) wake();
  }

  function take(claims: readonly Claim[], left: number): void {
    const isStopping = stopping.signal.aborted;
    const surplus: Claim[] = [];
    for (const claim of claims) {
      const { id, inFlightMax } = claim.hook;
      if (!isStopping && start(claim)) continue;
      const isHopeless = isStopping || (slow.has(id) && backlog.countOf(id) >= inFlightMax);
      if (isHopeless || backlog.size() >= BACKLOG_MAX) surplus.push(claim);
      else backlog.add(claim, clock.now());
    }
    giveBack(surplus);
    if (left === 0) return;
    isMoreDue = true;
    wake();
  }

  /** Claims what is due and there is room for; answers with how long there is nothing to do. */
  async function claimSome(): Promise<number> {
    giveBackStale();
    const countMax = slots.free();
    isMoreDue = countMax === 0;
    if (countMax === 0) return PAUSE_MS_MAX;
    passedOver = sated();
    const exceptHooks = [...passedOver.keys()];
    const claims = await store.claimDue({ nowMs: clock.now(), countMax, exceptHooks });
    take(claims, 0);
    if (claims.length === countMax) return 0;
    const nextDueMs = await store.findNextDueMs(exceptHooks);
    const waitMs = nextDueMs === null ? PAUSE_MS_MAX : nextDueMs - clock.now();
    return Math.min(Math.max(waitMs, PAUSE_MS_MIN), PAUSE_MS_MAX);
  }

  async function work(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      isWoken = false;
      try {
        const waitMs = await claimSome();
        failures = 0;
        if (waitMs > 0) await sleepUntilWoken(waitMs);
      } catch (error) {
        log.error("sender.store-failed", { error });
        const delayMs = Math.min(FAILURE_PAUSE_MS_MIN * 2 ** failures++, FAILURE_PAUSE_MS_MAX);
        await clock.sleep(delayMs, stopping.signal).catch(() => {});
      }
    }
  }

  return {
    name: "sender",
    wake,
    take,
    room() {
      const countMax = stopping.signal.aborted ? 0 : slots.free();
      const full = sated();
      for (const [id, hook] of full) passedOver.set(id, hook);
      return { countMax, exceptHooks: [...full.keys()] };
    },
    async start() {
      working = work();
    },
    async stop() {
      stopping.abort();
      wake();
      await working;
      giveBack(backlog.takeAll());
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
