/**
 * Sends what is due: what publishers hand over at once, and what waits in the store. A claim is a lease, so a
 * process that dies here leaves nothing to clean up.
 */
import type { Part } from "../base/lifecycle.ts";
import { type AttemptDeps, attemptDelivery, canStart } from "./attempt.ts";
import { createCapacity, type Room, type SenderLoad, type Taken } from "./capacity.ts";
import type { Claim } from "./claim.ts";
import type { Intake } from "./publish.ts";
import type { Next } from "./retry.ts";
import type { WebhookStore } from "./store.ts";

export interface Sender extends Part, Intake {
  /** Something may be due now: look at once. */
  wake(): void;
  /**
   * What was leased may no longer hold: a grant has ended, a hook has changed. Nothing that is at hand starts any
   * more; it goes back to the store, and what is still due there is leased anew, as it is now.
   */
  recall(): void;
  load(): SenderLoad;
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

export function createSender(deps: SenderDeps): Sender {
  const { store, clock, log } = deps;
  const capacity = createCapacity(deps.inFlightMax);
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  let isWoken = false;
  let sleeping: AbortController | null = null;
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

  function track(work: Promise<void>): void {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  }

  function giveBack(claims: readonly Claim[], then: () => void = () => {}): void {
    if (claims.length === 0) return;
    const released = store.release(claims, clock.now()).then(then);
    // Their leases run out by themselves.
    track(released.catch((error) => log.warn("sender.release-failed", { claims: claims.length, error })));
  }

  function recall(): void {
    giveBack(capacity.takeAll(), wake);
  }

  function carryOut({ start, surplus }: Taken): void {
    const isStopping = stopping.signal.aborted;
    giveBack(isStopping ? [...start, ...surplus] : surplus);
    if (isStopping) return;
    for (const claim of start) track(attempt(claim));
    if (capacity.isHungry()) wake();
  }

  async function attempt(claim: Claim): Promise<void> {
    const { deliveryId, hook } = claim;
    let isAnswered = false;
    const onAnswer = (next?: Next) => {
      if (isAnswered) return;
      isAnswered = true;
      // This hook is about to be disabled: what is at hand for it must not follow.
      if (next?.kind === "failed" && next.because === "gone") recall();
      carryOut(capacity.answer(hook, clock.now()));
    };
    try {
      if (canStart(claim, clock.now())) await attemptDelivery(deps, claim, onAnswer);
      else giveBack([claim]);
    } catch (error) {
      // Its lease runs out, and then it is tried again.
      log.error("delivery.attempt-failed", { delivery: deliveryId, hook: hook.id, error });
    }
    onAnswer();
    carryOut(capacity.leave(clock.now()));
  }

  function take(claims: readonly Claim[]): void {
    if (stopping.signal.aborted) giveBack(claims);
    else carryOut(capacity.take(claims, clock.now()));
  }

  /** Claims into the room there is; true if the store may hold more for it. */
  async function claimInto(room: Room): Promise<boolean> {
    const claims = await store.claimDue({ nowMs: clock.now(), ...room });
    take(claims);
    return claims.length === room.countMax;
  }

  /** Claims what is due and there is room for; answers with how long there is nothing to do. */
  async function claimSome(): Promise<number> {
    giveBack(capacity.takeStale(clock.now()));
    const room = capacity.room();
    // The next attempt that ends wakes us.
    if (room.countMax === 0) return PAUSE_MS_MAX;
    if (await claimInto(room)) return 0;
    const roomForSlow = capacity.roomForSlow();
    if (roomForSlow !== null && !(await claimInto(roomForSlow))) capacity.slowHaveCaughtUp();

    const { exceptHooks } = roomForSlow ?? room;
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
    recall,
    load: capacity.load,
    room: () =>
      stopping.signal.aborted ? { countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] } : capacity.room(),
    take(claims, left) {
      take(claims);
      if (left === 0) return;
      capacity.noteMoreDue();
      wake();
    },
    async start() {
      working = work();
    },
    async stop() {
      stopping.abort();
      wake();
      await working;
      giveBack(capacity.takeAll());
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
