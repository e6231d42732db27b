/**
 * Sends what is due: what publishers hand over at once, and what waits in the store. A claim is a lease, so a
 * process that dies here leaves nothing to clean up.
 */
import type { Policy } from "@trulinks/protocol";
import type { Part } from "../base/lifecycle.ts";
import { type AttemptDeps, attemptDelivery, canStart } from "./attempt.ts";
import { type Back, createCapacity, type SenderLoad, type Started, type Taken } from "./capacity.ts";
import type { Claim, GivenBack } from "./claim.ts";
import type { Intake, Room } from "./publish.ts";
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
  readonly policy: () => ReturnType<AttemptDeps["policy"]> & Pick<Policy["webhooks"], "recovery_per_s">;
  readonly store: Pick<WebhookStore, "claimDue" | "release" | "settle" | "findNextDueMs">;
  /** Deliveries under way at once in this process. */
  readonly inFlightMax: number;
  /** A hook has become active: what was kept for it can be released. */
  readonly onActivated?: () => void;
}

// Other processes may make deliveries due without waking us, so the store is asked at least this often.
const PAUSE_MS_MAX = 1_000;
// What ends meanwhile is made up for with one question. At 10 000 deliveries/s that is one for 50 of them.
const PAUSE_MS_MIN = 5;
const FAILURE_PAUSE_MS_MIN = 100;
const FAILURE_PAUSE_MS_MAX = 5_000;

export function createSender(deps: SenderDeps): Sender {
  const { store, clock, log } = deps;
  const capacity = createCapacity(deps.inFlightMax, () => deps.policy().recovery_per_s);
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  let sleeping: AbortController | null = null;
  /** Whoever slept is to get up; `lookAtMs`: when the store has to be asked, whatever is known. */
  let isWoken = false;
  let lookAtMs = 0;
  let working: Promise<void> = Promise.resolve();

  function getUp(): void {
    isWoken = true;
    sleeping?.abort();
  }

  function wake(): void {
    capacity.call();
    lookAtMs = 0;
    getUp();
  }

  async function sleep(delayMs: number): Promise<void> {
    await clock.sleep(PAUSE_MS_MIN, stopping.signal).catch(() => {});
    if (isWoken || delayMs <= PAUSE_MS_MIN) return;
    sleeping = new AbortController();
    await clock.sleep(delayMs - PAUSE_MS_MIN, sleeping.signal).catch(() => {});
    sleeping = null;
  }

  function track(work: Promise<void>): void {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  }

  function giveBack(back: readonly Back[], then: () => void = () => {}): void {
    if (back.length === 0) return;
    const nowMs = clock.now();
    const claims = back.map((one) => givenBack(one, nowMs));
    const released = store.release(claims, nowMs).then(then);
    // Their leases run out by themselves.
    track(released.catch((error) => log.warn("sender.release-failed", { claims: claims.length, error })));
  }

  function recall(): void {
    giveBack(atOnce(capacity.takeAll()), wake);
  }

  function carryOut({ start, back }: Taken): void {
    giveBack(back);
    if (stopping.signal.aborted) giveBack(atOnce(start.map(({ claim }) => claim)));
    else for (const started of start) track(attempt(started));
  }

  /** The same, where it may have made room for what the store is known to hold. */
  function goOn(taken: Taken): void {
    carryOut(taken);
    if (capacity.knowsOfMore()) getUp();
  }

  async function attempt({ claim, place }: Started): Promise<void> {
    const { deliveryId, hook } = claim;
    let next: Next | null = null;
    let isAnswered = false;
    const onAnswer = (answered: Next | null) => {
      if (isAnswered) return;
      isAnswered = true;
      next = answered;
      // This hook is about to be disabled: what is at hand for it must not follow.
      if (answered?.kind === "failed" && answered.because === "gone") recall();
      goOn(capacity.answer(place, answered && hasSucceeded(answered), clock.monotonic()));
    };
    try {
      if (canStart(claim, clock.now())) await attemptDelivery(deps, claim, onAnswer);
      else giveBack(atOnce([claim]));
      if (next !== null) whenOver(claim, next);
    } catch (error) {
      // Its lease runs out, and then it is tried again.
      log.error("delivery.attempt-failed", { delivery: deliveryId, hook: hook.id, error });
    }
    onAnswer(null);
    goOn(capacity.leave(clock.monotonic()));
  }

  function whenOver({ hook, sequence }: Claim, next: Next): void {
    // What comes after it is due now if it has ended; so it may have if it cannot be tried again in its time.
    if (hook.serial) {
      capacity.noteMore(hook);
      getUp();
    }
    if (sequence === null && hook.state === "pending" && next.kind === "delivered") deps.onActivated?.();
  }

  /** Claims what is due and there is room for; answers with how long there is nothing to do. */
  async function look(): Promise<number> {
    const nowMs = clock.monotonic();
    carryOut(capacity.tick(nowMs));
    if (nowMs < lookAtMs && !capacity.isHungry(nowMs)) return lookAtMs - nowMs;
    lookAtMs = nowMs + PAUSE_MS_MAX;
    const room = capacity.room(nowMs);
    // The next attempt that ends wakes us.
    if (room.countMax === 0) return PAUSE_MS_MAX;
    const askedMs = clock.now();
    const claims = await store.claimDue({ nowMs: askedMs, ...room });
    carryOut(capacity.take(claims, room, clock.monotonic()));
    if (capacity.isHungry(clock.monotonic())) return 0;

    const nextDueMs = await store.findNextDueMs(room.exceptHooks);
    // What was due when we asked and was not given is not for us now.
    const isAhead = nextDueMs !== null && nextDueMs > askedMs;
    const waitMs = isAhead ? Math.min(Math.max(nextDueMs - clock.now(), 0), PAUSE_MS_MAX) : PAUSE_MS_MAX;
    lookAtMs = Math.min(lookAtMs, clock.monotonic() + waitMs);
    return waitMs;
  }

  async function work(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      isWoken = false;
      try {
        await sleep(Math.min(await look(), capacity.paceMs(clock.monotonic())));
        failures = 0;
      } catch (error) {
        log.error("sender.store-failed", { error });
        lookAtMs = 0;
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
    room: () => (stopping.signal.aborted ? NO_ROOM : capacity.roomForNew(clock.monotonic())),
    take: (claims, stored) => goOn(capacity.takeNew(claims, stored, clock.monotonic())),
    async start() {
      working = work();
    },
    async stop() {
      stopping.abort();
      getUp();
      await working;
      giveBack(atOnce(capacity.takeAll()));
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

const NO_ROOM: Room = { countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] };

function atOnce(claims: readonly Claim[]): readonly Back[] {
  return claims.map((claim) => ({ claim, afterMs: 0 }));
}

function givenBack({ claim: { deliveryId, lease }, afterMs }: Back, nowMs: number): GivenBack {
  return { deliveryId, lease, dueAtMs: Math.ceil(nowMs + afterMs) };
}

function hasSucceeded({ kind }: Next): boolean {
  return kind === "delivered" || kind === "rejected";
}
