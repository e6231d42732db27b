/** The same small API in each way in which servers are built, with limits around it; on real sockets. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import express from "express";
import { fastify } from "fastify";
import { Hono } from "hono";
import { expressLimits } from "./express.ts";
import { fastifyLimits } from "./fastify.ts";
import { honoLimits } from "./hono.ts";
import type { Limits } from "./limits.ts";

export interface Running extends AsyncDisposable {
  readonly url: string;
}

/** `hold` resolves when a held request may be answered. */
export type StartServer = (limits: Limits, hold: () => Promise<void>) => Promise<Running>;

const HELLO = "hello\n";
const TICK = "data: tick\n\n";
const EVENTS = "text/event-stream";

export const SERVERS: Readonly<Record<string, StartServer>> = {
  "node:http": (limits, hold) =>
    listening(
      limits.node((request, response) => {
        request.resume();
        if (request.url === "/unchanged") response.writeHead(304).end();
        else if (request.url === "/events") response.writeHead(200, { "Content-Type": EVENTS }).write(TICK);
        else if (request.url === "/held") void hold().then(() => response.end(HELLO));
        else response.end(HELLO);
      }),
    ),

  express: (limits, hold) => {
    const app = express();
    app.use(expressLimits(limits));
    app.get("/unchanged", (_request, response) => void response.status(304).end());
    app.get("/events", (_request, response) => void response.type(EVENTS).write(TICK));
    app.get("/held", (_request, response) => void hold().then(() => response.send(HELLO)));
    app.use((_request, response) => void response.send(HELLO));
    return listening(app);
  },

  fastify: async (limits, hold) => {
    const app = fastify({ forceCloseConnections: true });
    await app.register(fastifyLimits(limits));
    app.get("/unchanged", (_request, reply) => reply.code(304).send());
    app.get("/events", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, ["content-type", EVENTS]).write(TICK);
    });
    app.get("/held", async () => {
      await hold();
      return HELLO;
    });
    app.all("/", () => HELLO);
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    return { url, [Symbol.asyncDispose]: () => app.close() };
  },

  hono: async (limits, hold) => {
    const app = honoApp(limits, hold);
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
    if (!server.listening) await once(server, "listening");
    return running(server as ReturnType<typeof createServer>);
  },
};

export function honoApp(limits: Limits, hold: () => Promise<void>, peer?: string): Hono {
  const app = new Hono();
  app.use(honoLimits(limits, peer === undefined ? {} : { peerOf: () => peer }));
  app.get("/unchanged", (context) => context.body(null, 304));
  app.get("/events", () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(TICK)),
    });
    return new Response(body, { headers: { "Content-Type": EVENTS } });
  });
  app.get("/held", async (context) => {
    await hold();
    return context.text(HELLO);
  });
  app.all("/", (context) => context.text(HELLO));
  return app;
}

async function listening(listener: RequestListener): Promise<Running> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return running(server);
}

function running(server: ReturnType<typeof createServer>): Running {
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
