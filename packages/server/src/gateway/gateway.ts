/** A request's way in: what is it → who asks → may it now → on to the provider's API → one line in the log. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { ERRORS, ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import type { Identify } from "../accounts/identify.ts";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import type { KeptAnswers } from "../idempotency/kept-answers.ts";
import { type CarryOutDeps, carryOut } from "./carry-out.ts";
import { charge, leave } from "./charge.ts";
import { callerAddress, type IsTrusted, trusting } from "./client-address.ts";
import { conclude, type End, faultOf, observe, refused } from "./ending.ts";
import { type ExamineDeps, examine } from "./examine.ts";
import type { RequestFact } from "./fact.ts";
import { createChecks } from "./operation-checks.ts";
import type { FindOperation, Found } from "./operation-router.ts";
import { answerPreflight, answerServerOptions, isPreflight } from "./preflight.ts";
import type { Quotas } from "./quotas.ts";
import { CHALLENGE } from "./refusal.ts";
import { readRequest } from "./request-shape.ts";
import { barredRefusal, type StandingOf } from "./standing.ts";
import { withoutQuery } from "./target.ts";
import { connectUpstream, type Upstream, type UpstreamOptions } from "./upstream.ts";
import { type Visit, visitFields } from "./visit.ts";

export interface GatewayDeps {
  readonly identify: Identify;
  readonly quotas: Quotas;
  /** Null: no provider's API is connected, and every path is 404. */
  readonly upstream: UpstreamOptions | null;
  /** Signs `TruLinks-Identity`. */
  readonly identityKey: Uint8Array;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
  readonly onFact?: (fact: RequestFact) => void;
  /** Addresses and CIDR ranges of proxies in front of the gateway. */
  readonly trustedProxies: readonly string[];
  readonly bodyBytesMax?: number;
  /** Left out: `Idempotency-Key` is the upstream's affair. */
  readonly kept?: KeptAnswers;
  /** Who may not ask any more; left out: nobody is barred. */
  readonly standingOf?: StandingOf;
  /** Where an app sees its standing and appeals. */
  readonly appPath?: string;
  /** Which operations the provider's API has; left out: any, and nothing is asked of them. */
  readonly findOperation?: FindOperation;
  /** Of a body that is held against a schema. */
  readonly judgedBytesMax?: number;
  /** With which a request that breaks its schema is answered; 422 if left out. */
  readonly validationStatus?: () => number;
  /** Where the errors are explained. */
  readonly documentation?: string;
}

export interface Gateway {
  /** For `request` and for `checkContinue`: the gateway itself says `100 Continue`. */
  readonly listener: RequestListener;
  /** Lets what is under way finish, then closes the connections to the upstream. */
  close(): Promise<void>;
}

export const BODY_BYTES_MAX = 10 * 1024 * 1024;
export const JUDGED_BYTES_MAX = 1024 * 1024;
/** All bodies together that are being judged, or forwarded after it. */
const JUDGED_BYTES_TOGETHER_MAX = 128 * 1024 * 1024;

type Settled = Omit<GatewayDeps, "judgedBytesMax" | "validationStatus">;

interface Running extends Settled, ExamineDeps, CarryOutDeps {
  readonly findOperation: FindOperation;
  readonly connected: Upstream | null;
  readonly isTrusted: IsTrusted;
  readonly bodyBytesMax: number;
}

export function createGateway(deps: GatewayDeps): Gateway {
  const gateway: Running = {
    ...deps,
    connected: deps.upstream && connectUpstream(deps.upstream),
    isTrusted: trusting(deps.trustedProxies),
    bodyBytesMax: deps.bodyBytesMax ?? BODY_BYTES_MAX,
    findOperation: deps.findOperation ?? (() => UNLISTED),
    judgedBytesMax: deps.judgedBytesMax ?? JUDGED_BYTES_MAX,
    validationStatus: deps.validationStatus ?? (() => ERRORS["validation-failed"].status),
    checkOf: createChecks(),
    budget: { bytesLeft: JUDGED_BYTES_TOGETHER_MAX },
  };
  return {
    listener: (request, response) => {
      if (isPreflight(request)) return answerPreflight(request, response);
      if (request.method === "OPTIONS" && request.url === "*") return answerServerOptions(response);
      void serve(gateway, newVisit(gateway, request, response));
    },
    close: async () => {
      await gateway.connected?.pool.close();
    },
  };
}

function newVisit({ clock, dice }: Running, request: IncomingMessage, response: ServerResponse): Visit {
  const requestId = makeId("request", clock.now(), dice.bytes(ID_CHANCE_BYTES));
  const startedAtMs = clock.monotonic();
  return {
    request,
    response,
    requestId,
    startedAtMs,
    caller: null,
    operation: null,
    quota: null,
    admission: null,
    isAdmitted: false,
  };
}

/** Never rejects: whatever goes wrong becomes an answer, or at least the end of the connection. */
async function serve(gateway: Running, visit: Visit): Promise<void> {
  try {
    const end = await decide(gateway, visit).catch((cause: unknown): End => faultOf(visit, cause));
    const status = conclude(gateway, visit, end);
    observe(gateway, visit, end, status);
  } catch (error) {
    gateway.log.error("request.broken", { ...visitFields(visit, gateway.clock.monotonic()), error });
    visit.request.socket.destroy();
  } finally {
    leave(gateway, visit);
  }
}

/** The order in which a request is looked at. What is cheap and says no comes first. */
async function decide(gateway: Running, visit: Visit): Promise<End> {
  const asked = readRequest(visit.request, gateway.bodyBytesMax);
  if (asked.kind === "refused") return asked;

  const { authorization } = visit.request.headers;
  const address = callerAddress(visit.request, gateway.isTrusted);
  const identified = await gateway.identify({ authorization, address });
  if (identified.kind === "bad-credentials") return refused({ code: "bad-credentials", headers: CHALLENGE });

  const barred = gateway.standingOf?.(identified.caller, address) ?? null;
  if (barred !== null) {
    visit.caller = identified.caller;
    return refused(barredRefusal(barred, gateway.appPath ?? "/integrations/app"));
  }

  const found = gateway.findOperation(visit.request.method ?? "GET", withoutQuery(asked.path));
  if (found.kind === "operation") visit.operation = found.operation;
  const charged = await charge(gateway, visit, identified.caller);
  if (charged.kind !== "admitted") return charged;
  if (gateway.connected === null) return refused({ code: "no-upstream" });

  const { caller } = identified;
  const examination = await examine(gateway, found, { ...visit, ...asked, caller });
  if (examination.kind !== "good") return examination;
  try {
    return await carryOut(gateway, visit, { caller, asked, body: examination.body });
  } finally {
    examination.done();
  }
}

const UNLISTED: Found = { kind: "unlisted" };
