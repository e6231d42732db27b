/** Hooks, claims and a capacity under way with false time, for the tests of who may send when. */
import type { HookId } from "@trulinks/protocol";
import { type Capacity, createCapacity, type Started, type Taken } from "./capacity.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";

/** Of a hook only its limits and its address matter here. */
export function makeHook(id: string, change: Partial<Hook> = {}): Hook {
  const hook = { id: id as HookId, url: `https://${id}.example/`, inFlightMax: 8, serial: false, ...change };
  return hook as Hook;
}

export function makeClaims(hook: Hook, count: number, attempt = 1): readonly Claim[] {
  return Array.from({ length: count }, (_, index) => {
    const deliveryId = `${hook.id}.${index}`;
    return { deliveryId, hook, attempt, event: { data: "{}" } } as unknown as Claim;
  });
}

/** Origins that recover are tried as fast as they answer. */
export const UNPACED = Number.POSITIVE_INFINITY;

/** How a receiver ends an attempt, and after how long. */
export interface Manner {
  readonly succeeds: boolean;
  readonly tookMs: number;
}

export const PROMPT: Manner = { succeeds: true, tookMs: 5 };
export const HANGING: Manner = { succeeds: false, tookMs: 10_000 };
export const FAILING: Manner = { succeeds: false, tookMs: 5 };

/** A sender without a store: attempts end when their time has come, as their hook's manner is. */
export interface Stage {
  readonly capacity: Capacity;
  nowMs(): number;
  /** Hands over what was just stored; says how much of it started at once. */
  handOver(claims: readonly Claim[]): number;
  /** Lets time pass. */
  passMs(durationMs: number): void;
  underWay(hook?: Hook): number;
  readonly started: readonly Claim[];
  readonly back: readonly Claim[];
}

export function createStage(placesMax: number, mannerOf: (hook: Hook) => Manner): Stage {
  const capacity = createCapacity(placesMax, () => UNPACED);
  const underWay = new Set<Started & { readonly endsAtMs: number }>();
  const started: Claim[] = [];
  const back: Claim[] = [];
  let nowMs = 0;

  function carryOut(taken: Taken): number {
    back.push(...taken.back.map(({ claim }) => claim));
    for (const one of taken.start) {
      started.push(one.claim);
      underWay.add({ ...one, endsAtMs: nowMs + mannerOf(one.claim.hook).tookMs });
    }
    return taken.start.length;
  }

  function endFirst(untilMs: number): boolean {
    let first: (Started & { readonly endsAtMs: number }) | null = null;
    for (const one of underWay) if (first === null || one.endsAtMs < first.endsAtMs) first = one;
    if (first === null || first.endsAtMs > untilMs) return false;
    underWay.delete(first);
    nowMs = first.endsAtMs;
    carryOut(capacity.answer(first.place, mannerOf(first.claim.hook).succeeds, nowMs));
    carryOut(capacity.leave(nowMs));
    return true;
  }

  return {
    capacity,
    started,
    back,
    nowMs: () => nowMs,
    handOver: (claims) =>
      carryOut(capacity.takeNew(claims, { room: capacity.roomForNew(nowMs), left: 0 }, nowMs)),
    passMs(durationMs) {
      const untilMs = nowMs + durationMs;
      while (endFirst(untilMs));
      nowMs = untilMs;
      carryOut(capacity.tick(nowMs));
    },
    underWay: (hook) =>
      [...underWay].filter(({ claim }) => hook === undefined || claim.hook.id === hook.id).length,
  };
}
