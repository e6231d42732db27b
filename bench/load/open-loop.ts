/** By the clock: requests leave when they are due, whether or not earlier ones were answered. */
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../measure/monotonic.ts";
import { isTaken } from "./closed-loop.ts";
import { type Connection, openConnection } from "./connection.ts";
import type { Numbers } from "./numbers.ts";
import { createRequestBytes, type RequestBytes, type Target } from "./request-bytes.ts";

/** One request of the loop. */
export interface Sent {
  /** The number of its first event. */
  readonly first: number;
  readonly dueMs: number;
  /** When its 202 was read; NaN: it was refused. */
  readonly answeredMs: number;
}

interface Lane {
  readonly connection: Connection;
  readonly request: RequestBytes;
}

// Where the answers are late, further connections are made, as a provider's client would; this bounds them.
const LANES_MAX = 256;
const LANES_FIRST = 16;

export async function runOpenLoop(
  target: Target,
  numbers: Numbers,
  { eventsPerS, seconds }: { readonly eventsPerS: number; readonly seconds: number },
): Promise<readonly Sent[]> {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const open = async (): Promise<Lane> => ({
    connection: await openConnection(target.port, failure.reject),
    request: createRequestBytes(target),
  });
  const lanes = new Set(await Promise.all(Array.from({ length: LANES_FIRST }, open)));
  const idle = [...lanes];
  const sent: Sent[] = [];
  const queue: number[] = [];
  const gapMs = (target.batch / eventsPerS) * 1_000;
  const count = Math.max(1, Math.floor((seconds * 1_000) / gapMs));
  const allAnswered = Promise.withResolvers<void>();

  function pump(): void {
    while (queue.length > 0) {
      // The one that idled longest, so that none idles until the server ends it; at low rates some do.
      const lane = idle.shift();
      if (lane === undefined) return;
      if (lane.connection.isOpen()) send(lane, queue.shift() as number);
      else lanes.delete(lane);
    }
  }

  function send(lane: Lane, dueMs: number): void {
    const first = numbers.take(target.batch);
    lane.request.begin(first);
    lane.connection.send(lane.request.bytes, (answer) => {
      sent.push({ first, dueMs, answeredMs: isTaken(answer) ? monotonicMs() : Number.NaN });
      idle.push(lane);
      if (sent.length === count) allAnswered.resolve();
      pump();
    });
  }

  async function widen(): Promise<void> {
    const lane = await open();
    lanes.add(lane);
    idle.push(lane);
    pump();
  }

  const startMs = monotonicMs();
  for (let index = 0; index < count; ) {
    for (const nowMs = monotonicMs(); index < count && startMs + index * gapMs <= nowMs; index++) {
      queue.push(startMs + index * gapMs);
    }
    pump();
    if (queue.length > 0 && lanes.size < LANES_MAX) await Promise.race([widen(), failure.promise]);
    else await sleep(1);
  }
  await Promise.race([allAnswered.promise, failure.promise]);
  for (const { connection } of lanes) connection.close();
  return sent;
}
