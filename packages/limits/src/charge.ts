/** What an admitted request spends, and how exactly that comes back. */
import { type Caller, NOWHERE } from "./caller.ts";
import { PACING_AT, PER_HOUR_AT, PER_MINUTE_AT, POINTS_AT } from "./callers.ts";
import { pointsOf } from "./decide.ts";
import type { Operation } from "./operation.ts";
import { pacingRefund, pacingSpend } from "./pacing.ts";
import { BIT, namesOf } from "./rules.ts";
import { Admission } from "./verdict.ts";
import { windowRefund, windowSpend } from "./window.ts";

/** Charges every limit that does not hit. Those that do are in shadow mode, and count what they would have admitted. */
export function charge(caller: Caller, operation: Operation, nowMs: number, hits: number): Admission {
  const { callers, slot } = caller;
  const { rules, rows } = callers;
  const cells = rows.cells(slot);
  const at = rows.at(slot);
  let charged = 0;
  let points = 0;
  let dueMs = 0;

  if ((hits & BIT["rate-limit"]) === 0) {
    charged |= BIT["rate-limit"];
    const { resource, cost } = operation;
    const window = rules.windows[resource] ?? rules.core;
    const primary = callers.resourceCells(slot, resource);
    windowSpend(primary, callers.resourceAt(slot, resource), window, cost, nowMs);
  }
  if (rules.points !== null && (hits & BIT.points) === 0) {
    charged |= BIT.points;
    points = pointsOf(rules.points, operation);
    windowSpend(cells, at + POINTS_AT, rules.points.window, points, nowMs);
  }
  if (operation.isWrite && rules.pacing !== null && (hits & BIT["write-pacing"]) === 0) {
    charged |= BIT["write-pacing"];
    // Alone, it needs none: it can be told by the moment that it moved the next one to.
    if (caller.inFlight + caller.streams > 0)
      caller.trail ??= { dueBeforeMs: cells[at + PACING_AT] ?? 0, spentAtMs: [] };
    dueMs = pacingSpend(cells, at + PACING_AT, rules.pacing, caller.trail, nowMs);
  }
  if (operation.isContent && rules.content !== null && (hits & BIT["content-pacing"]) === 0) {
    charged |= BIT["content-pacing"];
    windowSpend(cells, at + PER_MINUTE_AT, rules.content.perMinute, 1, nowMs);
    windowSpend(cells, at + PER_HOUR_AT, rules.content.perHour, 1, nowMs);
  }
  return new Admission(caller, operation, nowMs, points, dueMs, charged, namesOf(hits));
}

/**
 * Gives back what the request has spent, in every limit, as if it had not been. Once, and before it ends: what is
 * needed to give back a write exactly is forgotten when nothing of the caller is under way any more.
 */
export function refund(admission: Admission, nowMs: number): void {
  const { caller, operation, atMs, charged, points, dueMs } = admission;
  const { callers, slot, trail } = caller;
  if (admission.isRefunded || slot === NOWHERE) return;
  admission.isRefunded = true;
  const { rules, rows } = callers;
  const cells = rows.cells(slot);
  const at = rows.at(slot);

  if (charged & BIT["rate-limit"]) {
    const { resource, cost } = operation;
    const window = rules.windows[resource] ?? rules.core;
    const primary = callers.resourceCells(slot, resource);
    windowRefund(primary, callers.resourceAt(slot, resource), window, cost, atMs, nowMs);
  }
  if (rules.points !== null && charged & BIT.points) {
    windowRefund(cells, at + POINTS_AT, rules.points.window, points, atMs, nowMs);
  }
  if (rules.pacing !== null && charged & BIT["write-pacing"]) {
    pacingRefund(cells, at + PACING_AT, rules.pacing, trail, { dueMs, spentAtMs: atMs });
  }
  if (rules.content !== null && charged & BIT["content-pacing"]) {
    windowRefund(cells, at + PER_MINUTE_AT, rules.content.perMinute, 1, atMs, nowMs);
    windowRefund(cells, at + PER_HOUR_AT, rules.content.perHour, 1, atMs, nowMs);
  }
}
