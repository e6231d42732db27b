/**
 * A provider as it should be: it reports events by the clock, each under an id of its own, and repeats each until that is
 * acknowledged, however often the platform is gone meanwhile.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { monotonicMs } from "../measure/monotonic.ts";
import type { Numbers } from "./numbers.ts";
import { dataText, EVENT_TYPE, type Target, userId } from "./request-bytes.ts";

export interface Acknowledged {
  readonly number: number;
  /** When its 202 was read. */
  readonly atMs: number;
}

export interface Reporting {
  /** Reports nothing new, waits until all is acknowledged, and tells of it. */
  stop(): Promise<readonly Acknowledged[]>;
  /** Tries that got another answer than 202, or none. */
  failures(): number;
  /** Answers of 500 to 599 but for 503, and of 400 to 499: none may come. */
  readonly wrong: readonly string[];
}

const LANES = 64;
const PAUSE_MS = 50;
/** So long may a single try take. */
const TRY_MS_MAX = 15_000;
const TICK_MS = 2;

export function startReporting(
  { port, authorization, users }: Omit<Target, "batch">,
  numbers: Numbers,
  { eventsPerS }: { readonly eventsPerS: number },
): Reporting {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: LANES });
  const headers = { authorization, "content-type": "application/json" };
  const acknowledged: Acknowledged[] = [];
  const wrong: string[] = [];
  let due = 0;
  let begun = 0;
  let failures = 0;
  let isStopped = false;

  /** How long to wait before the next try; null: it is acknowledged. */
  async function tryOnce(number: number): Promise<number | null> {
    const user = userId(number % users);
    const body = `{"id":"n${number}","type":"${EVENT_TYPE}","users":["${user}"],"data":${dataText(number)}}`;
    try {
      const signal = AbortSignal.timeout(TRY_MS_MAX);
      const answer = await pool.request({ path: "/v1/events", method: "POST", headers, body, signal });
      const text = await answer.body.text();
      if (answer.statusCode === 202) return null;
      if (answer.statusCode !== 503) wrong.push(`${answer.statusCode}: ${text}`);
      const retryAfterS = Number(answer.headers["retry-after"]);
      return retryAfterS > 0 ? retryAfterS * 1_000 : PAUSE_MS;
    } catch {
      return PAUSE_MS;
    }
  }

  async function report(number: number): Promise<void> {
    for (;;) {
      const waitMs = await tryOnce(number);
      if (waitMs === null) break;
      failures += 1;
      await sleep(waitMs);
    }
    acknowledged.push({ number, atMs: monotonicMs() });
  }

  async function tick(): Promise<void> {
    const startMs = monotonicMs();
    while (!isStopped) {
      due = Math.floor(((monotonicMs() - startMs) * eventsPerS) / 1_000);
      await sleep(TICK_MS);
    }
  }

  async function work(): Promise<void> {
    while (!isStopped || begun < due) {
      if (begun >= due) {
        await sleep(TICK_MS);
        continue;
      }
      begun += 1;
      await report(numbers.take(1));
    }
  }

  const all = Promise.all([tick(), ...Array.from({ length: LANES }, work)]);
  return {
    wrong,
    failures: () => failures,
    async stop() {
      isStopped = true;
      await all;
      await pool.close();
      return acknowledged;
    },
  };
}
