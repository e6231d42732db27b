/** A peer's HTTP endpoint: takes what the platform takes, at the same paths, and answers when the queue has it. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What is queued: one event for one hook. */
export interface Job {
  readonly event: string;
  readonly type: string;
  readonly user: string;
  readonly timestamp: string;
  readonly data: unknown;
}

export interface Intake {
  readonly port: number;
  close(): Promise<void>;
}

interface EventBody {
  readonly type: string;
  readonly users: readonly string[];
  readonly data: unknown;
}

/** `enqueue` resolves when the queue has them. */
export async function startIntake(enqueue: (jobs: readonly Job[]) => Promise<void>): Promise<Intake> {
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await textOf(request));
    const events: readonly EventBody[] = request.url === "/v1/events" ? [body] : body.events;
    const jobs = events.flatMap(jobsOf);
    await enqueue(jobs);
    const receipts = jobs.map(({ event }) => ({ status: 202, id: event, deliveries: 1 }));
    const text = JSON.stringify(request.url === "/v1/events" ? receipts[0] : { results: receipts });
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    response.writeHead(202, headers).end(text);
  }

  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    take(request, response).catch((error: unknown) => {
      process.stderr.write(`The peer could not take a request: ${error}\n`);
      response.writeHead(500, { "content-length": 0 }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Every user has one hook, so there is one job for each. */
function jobsOf({ type, users, data }: EventBody): readonly Job[] {
  const timestamp = new Date().toISOString();
  return users.map((user) => ({ event: `evt_${randomUUID()}`, type, user, timestamp, data }));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
