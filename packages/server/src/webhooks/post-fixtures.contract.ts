/** What tests of posting have in common: a poster of this machine only, and receivers on real sockets. */
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { systemClock } from "../base/clock.ts";
import { createAddressPolicy } from "./addresses.ts";
import { createHostNames } from "./host-names.ts";
import { createPoster, type Poster, type PosterDeps, type PostRequest } from "./post.ts";

export const LOOPBACK = createAddressPolicy(["127.0.0.0/8", "::1/128"]);

/** Knows `localhost` and addresses; asks nobody. */
export const NO_NAMES = createHostNames({
  clock: systemClock,
  servers: ["127.0.0.1:1"],
  readText: async () => null,
});

export function createTestPoster(context: TestContext, change: Partial<PosterDeps> = {}): Poster {
  const poster = createPoster({ addresses: LOOPBACK, names: NO_NAMES, clock: systemClock, ...change });
  context.after(() => poster.close());
  return poster;
}

export async function listen(context: TestContext, server: Server, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

export async function receive(context: TestContext, listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(context, createHttpServer(listener))}/hooks?from=us`;
}

/** A receiver that does with a connection whatever it likes, each time a request has come. */
export async function receiveRaw(
  context: TestContext,
  onRequest: (socket: Socket, requests: number) => void,
): Promise<string> {
  const server = createTcpServer((socket) => {
    let requests = 0;
    let seen = "";
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      seen += chunk.toString("latin1");
      // The body that `requestTo` makes, and what greets a server that never agrees on TLS.
      if (!seen.endsWith(END_OF_BODY) && seen.startsWith("POST")) return;
      seen = "";
      onRequest(socket, ++requests);
    });
  });
  return `http://127.0.0.1:${await listen(context, server)}/`;
}

const BODY = '{"hello":"wörld"}';
const END_OF_BODY = Buffer.from(BODY).toString("latin1");

export function requestTo(url: string, change: Partial<PostRequest> = {}): PostRequest {
  const body = Buffer.from(BODY);
  return { url, headers: [["X-One", "1"]], body, deadlineMs: 10_000, verifyTls: true, ca: null, ...change };
}
