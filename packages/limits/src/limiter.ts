/** The limits of a server: its plans, its callers, and every decision about them. Knows no HTTP and no clock. */
import type { Quota } from "@trulinks/protocol";
import { type Caller, NOWHERE } from "./caller.ts";
import { Callers } from "./callers.ts";
import { charge, refund } from "./charge.ts";
import { hitsOf, refusalOf } from "./decide.ts";
import { type Operation, type OperationOptions, operationOf } from "./operation.ts";
import type { Plan } from "./plan.ts";
import { BIT, rulesOf } from "./rules.ts";
import { type Restored, readSnapshot, snapshotOf } from "./snapshot.ts";
import { quotaOf, type Status, statusOf } from "./status.ts";
import { isBusy, joinLine, leaveLine, mayWait, type Waiting } from "./under-way.ts";
import type { Admission, Refusal, Verdict } from "./verdict.ts";

export type Plans = Readonly<Record<string, Plan>>;

export interface Limiter {
  /** Those that any plan has, `core` first. */
  readonly resources: readonly string[];
  /** Once for each kind of request. Throws a RangeError for a resource that no plan has. */
  operation(options: OperationOptions): Operation;
  /** The caller of that key, remembered from now on. The only look-up there is. */
  resolve(plan: string, key: string, nowMs: number): Caller;
  /** May this go on now? One decision over all limits, all or nothing. What is admitted has to be ended by `release`. */
  decide(caller: Caller, operation: Operation, nowMs: number): Verdict;
  /** The same; but where only too many at once are under way, it waits in line if there is room in it. */
  enter(
    caller: Caller,
    operation: Operation,
    nowMs: number,
    onTurn: (verdict: Verdict) => void,
  ): Verdict | Waiting;
  /** Ends the waiting. Null: it has had its turn already. */
  abandon(waiting: Waiting, nowMs: number): Refusal | null;
  /** Gives back, once, everything that the request has cost. Before `release`. */
  refund(admission: Admission, nowMs: number): void;
  /** Counts it among the streams from now on, and lets the next in. False: there is no room, and it stays in flight. */
  becomeStream(admission: Admission, nowMs: number): boolean;
  /** The request has ended. Calls `onTurn` of those whose turn it is. */
  release(admission: Admission, nowMs: number): void;
  /** What is left of every limit. Costs nothing and remembers nobody. */
  status(plan: string, key: string, nowMs: number): Status;
  statusOf(caller: Caller, nowMs: number): Status;
  /** What is left of the resource that the operation spends, as the headers of its answer tell it. */
  quotaOf(caller: Caller, operation: Operation, nowMs: number): Quota;
  /** Other numbers from now on, with what was used before. All plans there are; a RangeError says what is wrong. */
  adopt(plans: Plans): void;
  /** Looks at so many callers of each plan and forgets those that are idle. Newcomers cause it, too. */
  forgetIdle(nowMs: number, countMax: number): void;
  /** Everything used, in pieces of some 100 KB, so that one can do other things in between. */
  snapshot(nowMs: number): Generator<Uint8Array>;
  /** Brings back what pieces of snapshots say, put behind one another, of callers that are not known. */
  restore(bytes: Uint8Array, nowMs: number): Restored;
  /** How many callers are remembered. */
  readonly callers: number;
}

export function createLimiter(plans: Plans): Limiter {
  const resources = ["core"];
  const byPlan = new Map<string, Callers>();
  adopt(plans);

  function adopt(next: Plans): void {
    const gone = [...byPlan.keys()].find((name) => !Object.hasOwn(next, name));
    if (gone !== undefined) throw new RangeError(`the plan ${gone} is missing; its callers are still there`);
    const names = new Set([
      ...resources,
      ...Object.values(next).flatMap((plan) => Object.keys(plan.rate_limit)),
    ]);
    const rules = Object.entries(next).map(
      ([name, plan]) => [name, rulesOf(name, plan, [...names])] as const,
    );
    resources.splice(0, resources.length, ...names);
    for (const [name, one] of rules) {
      const callers = byPlan.get(name);
      if (callers === undefined) byPlan.set(name, new Callers(name, one));
      else callers.adopt(one);
    }
  }

  function callersOf(plan: string): Callers {
    const callers = byPlan.get(plan);
    if (callers !== undefined) return callers;
    throw new RangeError(`there is no plan "${plan}"; there are ${[...byPlan.keys()].join(", ")}`);
  }

  return {
    resources,
    operation: (options) => operationOf(options, resources),
    resolve: (plan, key, nowMs) => callersOf(plan).resolve(key, nowMs),
    decide,
    enter,
    abandon,
    refund,
    becomeStream,
    release,
    status(plan, key, nowMs) {
      const callers = callersOf(plan);
      return statusOf(callers, callers.find(key), resources, nowMs);
    },
    statusOf: (caller, nowMs) => statusOf(caller.callers, liveOf(caller, nowMs), resources, nowMs),
    quotaOf: (caller, { resource }, nowMs) =>
      quotaOf(caller.callers, liveOf(caller, nowMs), resource, resources, nowMs),
    adopt,
    forgetIdle(nowMs, countMax) {
      for (const callers of byPlan.values()) callers.forgetIdle(nowMs, countMax);
    },
    snapshot: (nowMs) => snapshotOf(byPlan.values(), resources, nowMs),
    restore: (bytes, nowMs) => readSnapshot(bytes, byPlan, resources, nowMs),
    get callers() {
      return [...byPlan.values()].reduce((sum, { size }) => sum + size, 0);
    },
  };
}

function liveOf(caller: Caller, nowMs: number): Caller {
  return caller.slot === NOWHERE ? caller.callers.revive(caller, nowMs) : caller;
}

function decide(known: Caller, operation: Operation, nowMs: number): Verdict {
  const caller = liveOf(known, nowMs);
  const hits = hitsOf(caller, operation, nowMs);
  const enforced = hits & ~caller.callers.rules.shadow;
  if (enforced !== 0) return refusalOf(caller, operation, nowMs, { hits, enforced });
  return admit(caller, operation, nowMs, hits);
}

function admit(caller: Caller, operation: Operation, nowMs: number, hits: number): Admission {
  const admission = charge(caller, operation, nowMs, hits);
  caller.inFlight += 1;
  return admission;
}

function enter(
  known: Caller,
  operation: Operation,
  nowMs: number,
  onTurn: (verdict: Verdict) => void,
): Verdict | Waiting {
  const caller = liveOf(known, nowMs);
  const { serial, shadow } = caller.callers.rules;
  const hits = hitsOf(caller, operation, nowMs);
  const enforced = hits & ~shadow;
  if (enforced === 0) return admit(caller, operation, nowMs, hits);
  // Where another limit hits, waiting would only end in its refusal.
  const isOnlyBusy = enforced === BIT["serial-requests"];
  if (!isOnlyBusy || serial === null || !mayWait(caller, serial, operation)) {
    return refusalOf(caller, operation, nowMs, { hits, enforced });
  }
  const waiting: Waiting = { kind: "waiting", caller, operation, untilMs: nowMs + serial.waitMsMax, onTurn };
  joinLine(waiting);
  return waiting;
}

function abandon(waiting: Waiting, nowMs: number): Refusal | null {
  const { caller, operation } = waiting;
  if (!leaveLine(waiting)) return null;
  const hits = hitsOf(caller, operation, nowMs) | BIT["serial-requests"];
  const enforced = (hits & ~caller.callers.rules.shadow) | BIT["serial-requests"];
  return refusalOf(caller, operation, nowMs, { hits, enforced });
}

function becomeStream(admission: Admission, nowMs: number): boolean {
  const { caller, place } = admission;
  const { serial, shadow } = caller.callers.rules;
  if (serial === null || place !== "in-flight") return false;
  if (caller.streams >= serial.streamsMax && (shadow & BIT["serial-requests"]) === 0) return false;
  caller.inFlight -= 1;
  caller.streams += 1;
  admission.place = "stream";
  letIn(caller, nowMs);
  return true;
}

function release(admission: Admission, nowMs: number): void {
  const { caller, place } = admission;
  if (place === "left") return;
  admission.place = "left";
  if (place === "stream") caller.streams -= 1;
  else caller.inFlight -= 1;
  if (caller.line !== null) letIn(caller, nowMs);
  if (caller.trail !== null && !isBusy(caller)) caller.trail = null;
}

/** In the order in which they came; one that another limit refuses by now does not hold up the rest. */
function letIn(caller: Caller, nowMs: number): void {
  // Bounded by the line: whoever is called inside may end at once and bring the next one's turn.
  for (let next = nextOf(caller); next !== undefined; next = nextOf(caller)) {
    leaveLine(next);
    next.onTurn(decide(caller, next.operation, nowMs));
  }
}

function nextOf({ inFlight, line, callers }: Caller): Waiting | undefined {
  const inFlightMax = callers.rules.serial?.inFlightMax ?? Number.POSITIVE_INFINITY;
  return inFlight < inFlightMax ? line?.[0] : undefined;
}
