/**
 * As fast as it goes with a bounded number of events outstanding (on their way in, or accepted and not yet arrived),
 * so that what is measured is a rate at which events are accepted and arrive, and no backlog grows.
 */
import type { Receiver } from "../receiver/receiver.ts";
import { type Answer, openConnection } from "./connection.ts";
import type { Numbers } from "./numbers.ts";
import { createRequestBytes, type Target } from "./request-bytes.ts";

export interface LoadForm {
  readonly name: string;
  /** Events in one request. */
  readonly batch: number;
  /** Requests under way at once. */
  readonly lanes: number;
}

export interface ClosedLoop {
  /** Events so far. */
  accepted(): number;
  refused(): number;
  /** Asks for nothing more; resolves when all answers are there. Rejects with what went wrong meanwhile. */
  stop(): Promise<void>;
}

export interface LoopWorld {
  readonly receiver: Receiver;
  readonly numbers: Numbers;
  readonly outstandingMax: number;
}

export async function startClosedLoop(
  target: Target,
  { lanes, batch }: LoadForm,
  { receiver, numbers, outstandingMax }: LoopWorld,
): Promise<ClosedLoop> {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const before = await receiver.mark();
  const idle = await Promise.all(
    Array.from({ length: lanes }, async () => ({
      connection: await openConnection(target.port, failure.reject),
      request: createRequestBytes(target),
    })),
  );
  const all = [...idle];
  const allIdle = Promise.withResolvers<void>();
  let issued = 0;
  let accepted = 0;
  let refused = 0;
  let arrived = 0;
  let isStopping = false;

  function pump(): void {
    // What was refused never arrives.
    while (!isStopping && issued - refused - arrived + batch <= outstandingMax) {
      const lane = idle.pop();
      if (lane === undefined) return;
      issued += batch;
      lane.request.begin(numbers.take(batch));
      lane.connection.send(lane.request.bytes, (answer) => {
        if (isTaken(answer)) accepted += batch;
        else refused += batch;
        idle.push(lane);
        if (isStopping && idle.length === all.length) allIdle.resolve();
        pump();
      });
    }
  }

  const unwatch = await receiver.watch((count) => {
    arrived = count - before.count;
    pump();
  });
  pump();
  return {
    accepted: () => accepted,
    refused: () => refused,
    async stop() {
      isStopping = true;
      if (idle.length === all.length) allIdle.resolve();
      await Promise.race([allIdle.promise, failure.promise]);
      await unwatch();
      for (const { connection } of all) connection.close();
    },
  };
}

/** True if every event of the request was taken. */
export function isTaken({ status, body }: Answer): boolean {
  return status === 202 && body.indexOf('"problem"', 0, "latin1") < 0;
}
