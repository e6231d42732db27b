/** The receiver of every contender: answers 204 at once and remembers when each event came. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Receiver {
  readonly url: string;
  /** When event `n` of this round came first, in milliseconds of `performance.now()`. */
  readonly arrivals: Map<number, number>;
  duplicates: number;
  /** Resolves when `count` different events have come, or `waitMs` after the last one came. */
  settled(count: number, waitMs: number): Promise<void>;
  reset(): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const arrivals = new Map<number, number>();
  let lastMs = performance.now();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.statusCode = 204;
      response.end();
      const n = eventNumber(Buffer.concat(chunks));
      if (n === null) return;
      lastMs = performance.now();
      if (arrivals.has(n)) receiver.duplicates += 1;
      else arrivals.set(n, lastMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    duplicates: 0,
    async settled(count, waitMs) {
      lastMs = performance.now();
      while (arrivals.size < count && performance.now() - lastMs < waitMs) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    reset() {
      arrivals.clear();
      receiver.duplicates = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

// The receiver does no more than it must: what it spends is missing to whoever is measured.
const MARK = Buffer.from('"n":');

function eventNumber(body: Buffer): number | null {
  const start = body.indexOf(MARK);
  if (start < 0) return null;
  return Number.parseInt(body.toString("latin1", start + MARK.length, start + MARK.length + 12), 10);
}
