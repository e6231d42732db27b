/**
 * All callers of one plan that are remembered. Their number is bounded, and a flood of newcomers cannot turn that
 * against anybody: idle callers go first; then those that have used least of what they may, so that nobody gets back
 * more than half a quota by it; and if there is none, newcomers share one quota until there is room again.
 */
import { Caller, NOWHERE } from "./caller.ts";
import { pacingFitsAtMs } from "./pacing.ts";
import { Rows } from "./rows.ts";
import type { Rules } from "./rules.ts";
import { isBusy } from "./under-way.ts";
import { usedOf, WINDOW_WIDTH, type Window } from "./window.ts";

/** Where the limits lie in a caller's row. */
export const CORE_AT = 0;
export const POINTS_AT = 2;
export const PER_MINUTE_AT = 4;
export const PER_HOUR_AT = 6;
export const PACING_AT = 8;
export const ROW_WIDTH = 9;

/** Longer keys share one quota; whoever makes keys of what callers send should shorten them by a hash. */
export const KEY_LENGTH_MAX = 256;

/** How many callers are looked at for each newcomer: enough that idle ones go faster than new ones come. */
const LOOKED_AT = 2;
const LOOKED_AT_WHILE_FULL = 8;
const SHARE_FORGOTTEN_MAX = 0.5;

export class Callers {
  readonly planName: string;
  rules: Rules;
  readonly rows = new Rows(ROW_WIDTH);
  /** The windows of the resources beside `core`, by their number; made when a plan first has them. */
  readonly resources: (Rows | undefined)[] = [];
  /** In whose name newcomers are booked while nobody can be forgotten. */
  readonly shared: Caller;
  readonly #byKey = new Map<string, Caller>();
  #hand: MapIterator<Caller> = this.#byKey.values();
  #slots = 0;
  readonly #freeSlots: number[] = [];

  constructor(planName: string, rules: Rules) {
    this.planName = planName;
    this.rules = rules;
    this.adopt(rules);
    this.shared = new Caller("", this);
    this.shared.slot = this.#takeSlot();
  }

  get size(): number {
    return this.#byKey.size;
  }

  [Symbol.iterator](): Iterator<Caller> {
    return this.#byKey.values();
  }

  /** Other numbers, with what was used before. */
  adopt(rules: Rules): void {
    this.rules = rules;
    for (let number = 1; number < rules.windows.length; number++) {
      this.resources[number] ??= new Rows(WINDOW_WIDTH);
    }
  }

  /** A caller's window of a resource lies at `resourceAt` among these numbers. */
  resourceCells(slot: number, resource: number): Float64Array {
    return (this.resources[resource] ?? this.rows).cells(slot);
  }

  resourceAt(slot: number, resource: number): number {
    const rows = this.resources[resource];
    return rows === undefined ? this.rows.at(slot) + CORE_AT : rows.at(slot);
  }

  find(key: string): Caller | null {
    return this.#byKey.get(key) ?? null;
  }

  resolve(key: string, nowMs: number): Caller {
    return this.#byKey.get(key) ?? this.#admit(new Caller(key, this), nowMs);
  }

  /** For a caller that was forgotten while somebody kept it. */
  revive(caller: Caller, nowMs: number): Caller {
    return this.#byKey.get(caller.key) ?? this.#admit(caller, nowMs);
  }

  /** Looks at so many callers, going on where it stopped, and forgets those that are idle. */
  forgetIdle(nowMs: number, countMax: number): void {
    this.#lookAround(nowMs, countMax);
  }

  #admit(caller: Caller, nowMs: number): Caller {
    if (caller.key === "" || caller.key.length > KEY_LENGTH_MAX) return this.shared;
    const isFull = this.size >= this.rules.callersMax;
    const least = this.#lookAround(nowMs, isFull ? LOOKED_AT_WHILE_FULL : LOOKED_AT);
    if (this.size >= this.rules.callersMax) {
      if (least === null) return this.shared;
      this.#forget(least);
    }
    caller.slot = this.#takeSlot();
    this.#byKey.set(caller.key, caller);
    return caller;
  }

  /** Forgets the idle ones of the next few, and returns which of the others would lose least; null: all too much. */
  #lookAround(nowMs: number, countMax: number): Caller | null {
    let least: Caller | null = null;
    let leastShare = SHARE_FORGOTTEN_MAX;
    for (let count = 0; count < countMax; count++) {
      let step = this.#hand.next();
      if (step.done) {
        // A Map's iterator meets what is added while it goes, and once at its end stays there.
        this.#hand = this.#byKey.values();
        step = this.#hand.next();
        if (step.done) return null;
      }
      const caller = step.value;
      if (isBusy(caller)) continue;
      const share = this.shareUsed(caller, nowMs);
      if (share === 0) this.#forget(caller);
      else if (share <= leastShare) [least, leastShare] = [caller, share];
    }
    return least;
  }

  #forget(caller: Caller): void {
    this.#byKey.delete(caller.key);
    this.rows.clear(caller.slot);
    for (const rows of this.resources) rows?.clear(caller.slot);
    this.#freeSlots.push(caller.slot);
    caller.slot = NOWHERE;
  }

  #takeSlot(): number {
    return this.#freeSlots.pop() ?? this.#slots++;
  }

  /** The largest share that is used of any limit: 0 of an idle caller, 1 where a limit is used up. */
  shareUsed({ slot }: Caller, nowMs: number): number {
    const { rows, rules, resources } = this;
    const cells = rows.cells(slot);
    const at = rows.at(slot);
    let share = shareOf(cells, at + CORE_AT, rules.core, nowMs);
    if (rules.points) share = Math.max(share, shareOf(cells, at + POINTS_AT, rules.points.window, nowMs));
    if (rules.content) {
      const { perMinute, perHour } = rules.content;
      share = Math.max(share, shareOf(cells, at + PER_MINUTE_AT, perMinute, nowMs));
      share = Math.max(share, shareOf(cells, at + PER_HOUR_AT, perHour, nowMs));
    }
    if (rules.pacing) {
      const { aheadMsMax, gapMs } = rules.pacing;
      const aheadMs = pacingFitsAtMs(cells, at + PACING_AT, rules.pacing, nowMs) + aheadMsMax - nowMs;
      share = Math.max(share, aheadMs / (aheadMsMax + gapMs));
    }
    for (let number = 1; number < resources.length; number++) {
      const others = resources[number]?.cellsIfAny(slot);
      if (!others) continue;
      const window = rules.windows[number] ?? rules.core;
      share = Math.max(share, shareOf(others, this.resourceAt(slot, number), window, nowMs));
    }
    return share;
  }
}

function shareOf(cells: Float64Array, at: number, window: Window, nowMs: number): number {
  const used = usedOf(cells, at, window, nowMs);
  return used === 0 ? 0 : used / window.limit;
}
