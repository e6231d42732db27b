/** The limits of an HTTP server, whatever it is built with: who asks, what for, may it, and what is said. */
import { POLICY_DEFAULT, quotaHeaders } from "@trulinks/protocol";
import { clientAddress, trusting } from "./address.ts";
import { type Answer, answerTo } from "./answer.ts";
import type { Caller } from "./caller.ts";
import { hostClock, type LimitsClock } from "./host-clock.ts";
import { createLimiter, type Limiter, type Plans } from "./limiter.ts";
import { type NodeHandler, nodeListener } from "./node.ts";
import { isRead, type Operation, type OperationOptions } from "./operation.ts";
import { type LimitName, plansOf } from "./plan.ts";
import { rateLimitBody } from "./status.ts";
import type { Verdict } from "./verdict.ts";
import { type Visit, type VisitDeps, visitOf } from "./visit.ts";

/** A request, as far as limits look at it. */
export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** By its name in lower case. */
  readonly header: (name: string) => string | undefined;
  /** The other end of the connection. */
  readonly peer: string | undefined;
  /** Calls back when the caller goes away while it waits. */
  readonly onGone?: (run: () => void) => void;
}

export interface CallerName {
  readonly plan: string;
  readonly key: string;
}

export interface LimitsOptions {
  /** What each kind of caller is kept to; the three plans of the default policy if left out. */
  readonly plans?: Plans;
  /** Who asks. If left out: the plan `anonymous`, by address (IPv6: its /64). Never trust a name that is not proven. */
  readonly callerOf?: (asked: Asked, address: string) => CallerName;
  /** What for; null: it is free. If left out: by the method, and CORS preflights are free. */
  readonly operationOf?: (asked: Asked) => OperationOptions | null;
  /** Addresses and CIDR ranges of the proxies in front, whose `X-Forwarded-For` is believed. */
  readonly trustProxy?: readonly string[];
  /** Where the caller may ask what is left, for nothing. Null, if left out: nowhere. */
  readonly statusPath?: string | null;
  /** Which answers cost nothing; 304 if left out. */
  readonly isFree?: (status: number) => boolean;
  /** Where the errors are explained. */
  readonly documentation?: string;
  /** Told of each request that was refused, and of each that a limit in shadow mode would have refused. */
  readonly onFact?: (fact: LimitFact) => void;
  readonly clock?: LimitsClock;
}

export interface LimitFact extends CallerName {
  readonly kind: "refused" | "shadowed";
  readonly limits: readonly LimitName[];
}

export type Passage =
  | { readonly kind: "free" }
  | { readonly kind: "admitted"; readonly visit: Visit }
  /** Nothing of it is the server's business: this is its answer. */
  | { readonly kind: "answered"; readonly answer: Answer }
  /** Whoever asked went away while it waited. */
  | { readonly kind: "gone" };

export interface Limits {
  /** For status, snapshots and another policy. */
  readonly limiter: Limiter;
  /** A promise only where the request waits in line. */
  enter(asked: Asked): Passage | Promise<Passage>;
  /** Around a handler of `node:http`. */
  node(handler: NodeHandler): NodeHandler;
}

interface Running extends VisitDeps {
  readonly callerOf: NonNullable<LimitsOptions["callerOf"]>;
  readonly operationOf: (asked: Asked) => Operation | null;
  readonly isTrusted: (address: string) => boolean;
  readonly options: LimitsOptions;
}

/** How many callers are looked at with each request, so that idle ones are forgotten where no new ones come. */
const LOOKED_AT = 1;

export function createLimits(options: LimitsOptions = {}): Limits {
  const limiter = createLimiter(options.plans ?? plansOf(POLICY_DEFAULT));
  const running: Running = {
    options,
    limiter,
    clock: options.clock ?? hostClock,
    isFree: options.isFree ?? ((status) => status === 304),
    callerOf: options.callerOf ?? ((_asked, address) => ({ plan: "anonymous", key: `address:${address}` })),
    operationOf: operationsOf(limiter, options.operationOf),
    isTrusted: trusting(options.trustProxy ?? []),
  };
  const enter = (asked: Asked): Passage | Promise<Passage> => enterOne(running, asked);
  return { limiter, enter, node: (handler) => nodeListener(enter, handler) };
}

function operationsOf(limiter: Limiter, given: LimitsOptions["operationOf"]): Running["operationOf"] {
  if (given !== undefined) {
    return (asked) => {
      const options = given(asked);
      return options === null ? null : limiter.operation(options);
    };
  }
  const write = limiter.operation({ method: "POST" });
  const read = limiter.operation({ method: "GET" });
  const stream = limiter.operation({ method: "GET", isStream: true });
  return ({ method, header }) => {
    if (!isRead(method)) return write;
    if (method === "OPTIONS" && header("access-control-request-method") !== undefined) return null;
    return header("accept")?.includes("text/event-stream") ? stream : read;
  };
}

function enterOne(running: Running, asked: Asked): Passage | Promise<Passage> {
  const { limiter, clock, isTrusted, options } = running;
  const nowMs = clock.now();
  const hops = { peer: asked.peer, forwardedFor: asked.header("x-forwarded-for") };
  const name = running.callerOf(asked, clientAddress(hops, isTrusted));
  if (options.statusPath && asked.target.split("?", 1)[0] === options.statusPath) {
    return { kind: "answered", answer: statusAnswer(limiter, name, nowMs) };
  }
  const operation = running.operationOf(asked);
  if (operation === null) return { kind: "free" };

  limiter.forgetIdle(nowMs, LOOKED_AT);
  const caller = limiter.resolve(name.plan, name.key, nowMs);
  const passage = (verdict: Verdict): Passage => passageOf(running, asked, name, caller, operation, verdict);
  const { promise, resolve } = Promise.withResolvers<Passage>();
  let cancel = (): void => {};
  const entered = limiter.enter(caller, operation, nowMs, (verdict) => {
    cancel();
    resolve(passage(verdict));
  });
  if (entered.kind !== "waiting") return passage(entered);
  cancel = clock.after(entered.untilMs - nowMs, () => {
    const refusal = limiter.abandon(entered, clock.now());
    if (refusal !== null) resolve(passage(refusal));
  });
  asked.onGone?.(() => {
    cancel();
    if (limiter.abandon(entered, clock.now()) !== null) resolve({ kind: "gone" });
  });
  return promise;
}

function passageOf(
  running: Running,
  asked: Asked,
  name: CallerName,
  caller: Caller,
  operation: Operation,
  verdict: Verdict,
): Passage {
  const { limiter, clock, options } = running;
  const { onFact, documentation } = options;
  if (verdict.shadowed.length > 0) onFact?.({ kind: "shadowed", limits: verdict.shadowed, ...name });
  if (verdict.kind === "admitted") return { kind: "admitted", visit: visitOf(running, verdict) };
  onFact?.({ kind: "refused", limits: verdict.hits, ...name });
  const nowMs = clock.now();
  const quota = limiter.quotaOf(caller, operation, nowMs);
  const accept = asked.header("accept");
  return { kind: "answered", answer: answerTo(verdict, { quota, nowMs, accept, documentation }) };
}

function statusAnswer(limiter: Limiter, { plan, key }: CallerName, nowMs: number): Answer {
  const status = limiter.status(plan, key, nowMs);
  const [core] = status.quotas;
  return {
    status: 200,
    headers: [
      ["Content-Type", "application/json; charset=utf-8"],
      ["Cache-Control", "no-store"],
      ...(core === undefined ? [] : quotaHeaders(core, nowMs)),
    ],
    body: JSON.stringify(rateLimitBody(status)),
  };
}
