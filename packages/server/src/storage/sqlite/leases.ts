/**
 * Who works on what, in memory: one process owns the file, so nobody else has a lease, and when it starts there are
 * none. That spares two writes for each attempt.
 */
import type { DeliveryId, HookId } from "@trulinks/protocol";

export interface Lease {
  /** The delivery's row. */
  readonly key: number;
  readonly hookId: HookId;
  /** The fence. */
  readonly number: number;
  readonly untilMs: number;
}

export interface Leases {
  /** Leases a delivery, in the place of whoever had it before. */
  take(id: DeliveryId, lease: Omit<Lease, "number">): Lease;
  /** The lease if it is the one with this number, even if it ran out: nobody else has taken it then. */
  find(id: DeliveryId, number: number): Lease | null;
  end(id: DeliveryId): void;
  /** Whether somebody has it. A lease holds until `takeRunOut` has told that it is over. */
  isHeld(id: DeliveryId): boolean;
  /** How many of the hook's deliveries are held. */
  countOf(hookId: HookId): number;
  /** Leases that have run out since this was asked last. */
  takeRunOut(nowMs: number): readonly Lease[];
  /** When the next lease runs out, those of some hooks left out; null if there is none. */
  nextRunOutMs(except: ReadonlySet<HookId>): number | null;
  /** A transaction begins: what is done from here on can be undone. */
  begin(): void;
  undo(): void;
}

/** `firstNumber`: greater than any that was given out by an earlier start. */
export function createLeases(firstNumber: number): Leases {
  const byId = new Map<DeliveryId, Lease>();
  const countByHook = new Map<HookId, number>();
  const ranOut = new Set<Lease>();
  let nextNumber = firstNumber;
  /** No lease that has not been told of runs out before this. */
  let earliestMs = Number.POSITIVE_INFINITY;
  let before: [DeliveryId, Lease | undefined][] = [];

  function set(id: DeliveryId, lease: Lease | undefined): void {
    const old = byId.get(id);
    if (old !== undefined) {
      if (!ranOut.delete(old)) discount(old.hookId);
    }
    if (lease === undefined) {
      byId.delete(id);
      return;
    }
    byId.set(id, lease);
    countByHook.set(lease.hookId, (countByHook.get(lease.hookId) ?? 0) + 1);
    if (lease.untilMs < earliestMs) earliestMs = lease.untilMs;
  }

  function discount(hookId: HookId): void {
    const left = (countByHook.get(hookId) ?? 1) - 1;
    if (left === 0) countByHook.delete(hookId);
    else countByHook.set(hookId, left);
  }

  function* pending(): Iterable<Lease> {
    for (const lease of byId.values()) if (!ranOut.has(lease)) yield lease;
  }

  function look(): void {
    earliestMs = Number.POSITIVE_INFINITY;
    for (const { untilMs } of pending()) earliestMs = Math.min(earliestMs, untilMs);
  }

  return {
    take(id, fields) {
      const lease = { ...fields, number: nextNumber++ };
      before.push([id, byId.get(id)]);
      set(id, lease);
      return lease;
    },
    find(id, number) {
      const lease = byId.get(id);
      return lease?.number === number ? lease : null;
    },
    end(id) {
      before.push([id, byId.get(id)]);
      set(id, undefined);
    },
    isHeld(id) {
      const lease = byId.get(id);
      return lease !== undefined && !ranOut.has(lease);
    },
    countOf: (hookId) => countByHook.get(hookId) ?? 0,
    takeRunOut(nowMs) {
      if (nowMs < earliestMs) return [];
      const found = [...pending()].filter(({ untilMs }) => untilMs <= nowMs);
      for (const lease of found) {
        ranOut.add(lease);
        discount(lease.hookId);
      }
      look();
      return found;
    },
    nextRunOutMs(except) {
      let nextMs = Number.POSITIVE_INFINITY;
      for (const { hookId, untilMs } of pending())
        if (!except.has(hookId)) nextMs = Math.min(nextMs, untilMs);
      return Number.isFinite(nextMs) ? nextMs : null;
    },
    begin() {
      before = [];
    },
    undo() {
      for (const [id, lease] of before.reverse()) set(id, lease);
      before = [];
    },
  };
}
