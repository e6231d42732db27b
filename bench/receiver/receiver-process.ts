/**
 * The receiver of every contender, in a process of its own: answers 204 at once and notes what came. What it spends
 * is missing to whoever is measured, so it speaks HTTP on bare sockets, as little of it as senders need; or, told so, it
 * is what integrators run: a server of Node's own.
 */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { monotonicMs } from "../measure/monotonic.ts";
import { createArrivalLog } from "./arrivals.ts";
import type { Ask, Manner, ReceiverKind, Tell } from "./receiver.ts";
import { createRequestReader, readBody } from "./request-reader.ts";

// The headers that a server of Node's sends with it.
const ANSWER = Buffer.from(
  "HTTP/1.1 204 No Content\r\nDate: Mon, 23 Nov 2026 08:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n",
);

const DRIP_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n";
const DRIP_MS = 100;

const kind = process.argv[2] as ReceiverKind;
const log = createArrivalLog();
const reader = createRequestReader();
const servers = new Map<number, Server>();
const sockets = new Set<Socket>();
/** By port; all others answer. */
const manners = new Map<number, Manner>();
let count = 0;
/** The request that came last, as text. */
let sample = (): string => "";
let watching: NodeJS.Timeout | undefined;

function receive(socket: Socket): void {
  let rest: Buffer | null = null;
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    const manner = manners.get(socket.localPort ?? 0);
    let start = 0;
    let requests = 0;
    while (start < bytes.length) {
      const end = reader.read(bytes, start);
      if (end < 0) break;
      log.add(reader.hook, reader.number, reader.sequence, monotonicMs(), manner === undefined);
      requests += 1;
      const request = bytes.subarray(start, end);
      sample = () => request.toString("latin1");
      start = end;
    }
    rest = start < bytes.length ? bytes.subarray(start) : null;
    if (requests === 0) return;
    if (manner !== undefined) return misbehave(socket, manner);
    count += requests;
    socket.write(requests === 1 ? ANSWER : Buffer.concat(Array.from({ length: requests }, () => ANSWER)));
  });
}

/** Senders that meet these have one request under way on a connection. */
function misbehave(socket: Socket, manner: Manner): void {
  switch (manner.kind) {
    case "drips": {
      socket.write(DRIP_HEAD);
      const timer = setInterval(() => socket.write("."), DRIP_MS);
      socket.once("close", () => clearInterval(timer));
      return;
    }
    case "busy": {
      const head = `HTTP/1.1 429 Too Many Requests\r\nRetry-After: ${manner.retryAfterS}`;
      socket.write(`${head}\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    default:
      return;
  }
}

function receiveOrdinary(request: IncomingMessage, answer: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const { number, sequence } = readBody(body);
    log.add(Number((request.url ?? "").slice(1)), number, sequence, monotonicMs(), true);
    count += 1;
    sample = () => `${headOf(request)}\r\n\r\n${body.toString("latin1")}`;
    answer.writeHead(204).end();
  });
}

function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  const pairs = Array.from({ length: rawHeaders.length / 2 }, (_, at) =>
    rawHeaders.slice(at * 2, at * 2 + 2),
  );
  return [`${method} ${url} HTTP/1.1`, ...pairs.map(([name, value]) => `${name}: ${value}`)].join("\r\n");
}

async function listen(port = 0): Promise<number> {
  const server =
    kind === "node:http" ? createHttpServer(receiveOrdinary) : createServer({ noDelay: true }, receive);
  server.listen(port, "127.0.0.1", 1_024);
  await once(server, "listening");
  const { port: found } = server.address() as AddressInfo;
  servers.set(found, server);
  return found;
}

async function behave(port: number, manner: Manner): Promise<void> {
  const isBack = manners.get(port)?.kind === "away";
  if (manner.kind === "answers") manners.delete(port);
  else manners.set(port, manner);
  if (isBack) await listen(port);
  if (manner.kind !== "away") return;
  servers.get(port)?.close();
  for (const socket of sockets) if (socket.localPort === port) socket.destroy();
}

function watch(everyMs: number | null): void {
  clearInterval(watching);
  if (everyMs === null) return;
  let told = -1;
  watching = setInterval(() => {
    if (count !== told) tell({ kind: "count", count });
    told = count;
  }, everyMs);
}

async function answer(ask: Ask): Promise<unknown> {
  switch (ask.kind) {
    case "listen":
      return Promise.all(Array.from({ length: ask.ports }, () => listen()));
    case "behave":
      for (const port of ask.ports) await behave(port, ask.manner);
      return null;
    case "mark":
      return { count, atMs: monotonicMs() };
    case "sample":
      return sample();
    case "take":
      return log.take();
    case "watch":
      return watch(ask.everyMs);
    default:
      return ask satisfies never;
  }
}

function tell(message: Tell): void {
  process.send?.(message);
}

process.on("message", async ({ id, ask }: { readonly id: number; readonly ask: Ask }) => {
  tell({ kind: "answer", id, answer: await answer(ask) });
});
process.on("disconnect", () => process.exit());
