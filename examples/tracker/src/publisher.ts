/** Empties the outbox into TruLinks: one call at a time, in order, for as long as it takes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "./database.ts";
import { type Call, eventId, firstCalls, refuseCall, removeCall } from "./outbox.ts";
import { type CallOutcome, judge } from "./verdict.ts";

export interface PublisherDeps {
  readonly db: Database;
  readonly outboxName: string;
  readonly trulinksUrl: string;
  readonly operatorKey: string;
  readonly now: () => number;
  readonly warn: (sentence: string) => void;
}

export interface Publisher {
  /** Something was put into the outbox. */
  wake(): void;
  /** Breaks off the call that is under way: it will be made again, and making it twice is harmless. */
  stop(): Promise<void>;
}

const CALLS_READ_MAX = 100;
const CALL_TIMEOUT_MS = 15_000;
const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 10_000;
// After some 3 s: TruLinks that is just starting, or starting anew, is nothing to call anybody for.
const FAILURES_UNSAID = 4;
const ANSWER_CHARACTERS_MAX = 64 * 1024;

export function startPublisher(deps: PublisherDeps): Publisher {
  const stopping = new AbortController();
  let wakeUp: () => void = () => {};
  let isWoken = true;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!isWoken) {
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
      }
      isWoken = false;
      try {
        await drain(deps, stopping.signal);
      } catch (error) {
        // The outbox itself cannot be read or written, as on a full disk. Nothing is lost by trying again.
        deps.warn(`Publishing waits: ${error instanceof Error ? error.message : error}.`);
        isWoken = true;
        await sleep(BACKOFF_MS_MAX, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  const running = run();
  return {
    wake() {
      isWoken = true;
      wakeUp();
    },
    async stop() {
      stopping.abort();
      wakeUp();
      await running;
    },
  };
}

/** Until the outbox is empty: a call that cannot be made now holds up the others, for they must keep their order. */
async function drain(deps: PublisherDeps, signal: AbortSignal): Promise<void> {
  const { db, now, warn } = deps;
  let failures = 0;
  let calls = firstCalls(db, CALLS_READ_MAX);
  while (calls.length > 0) {
    for (const call of calls) {
      if (signal.aborted) return;
      const verdict = judge(call, await makeCall(deps, call, signal));
      if (signal.aborted && verdict.kind === "later") return;
      if (verdict.kind === "later") {
        if (failures === FAILURES_UNSAID) warn(`Publishing waits: ${verdict.reason}.`);
        const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures);
        failures++;
        await sleep(verdict.delayMs ?? backoffMs, undefined, { signal }).catch(() => {});
        break;
      }
      failures = 0;
      if (verdict.kind === "done") removeCall(db, call.position);
      else {
        refuseCall(db, call, { ...verdict, nowMs: now() });
        warn(`TruLinks refused ${call.method} ${call.path} (see GET /outbox/refused): ${verdict.reason}`);
      }
    }
    calls = firstCalls(db, CALLS_READ_MAX);
  }
}

async function makeCall(deps: PublisherDeps, call: Call, stopped: AbortSignal): Promise<CallOutcome> {
  try {
    const response = await fetch(deps.trulinksUrl + call.path, {
      method: call.method,
      headers: {
        authorization: `Bearer ${deps.operatorKey}`,
        ...(call.body === null ? {} : { "content-type": "application/json" }),
        ...(call.traceparent === null ? {} : { traceparent: call.traceparent }),
      },
      body: bodyOf(deps.outboxName, call),
      redirect: "manual",
      signal: AbortSignal.any([stopped, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    });
    const text = (await response.text()).slice(0, ANSWER_CHARACTERS_MAX);
    const retryAfter = response.headers.get("retry-after") ?? "";
    return {
      kind: "answered",
      status: response.status,
      retryAfterS: /^[0-9]{1,5}$/.test(retryAfter) ? Number(retryAfter) : null,
      body: parseJson(text),
    };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : "unknown";
    return { kind: "unanswered", reason: `no answer from ${deps.trulinksUrl} (${reason})` };
  }
}

/** An event gets its id here, since its position is known only once it has been inserted. */
function bodyOf(outboxName: string, { method, body, position }: Call): string | null {
  if (body === null || method !== "POST") return body;
  return JSON.stringify({ id: eventId(outboxName, position), ...(JSON.parse(body) as object) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
