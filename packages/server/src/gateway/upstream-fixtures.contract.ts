/** Upstreams on real sockets: one that records, one that handles its streams itself, one made of bytes. */
import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
}

export interface Upstream extends Listening {
  readonly url: string;
  readonly requests: Recorded[];
}

/** Records every request whole, then lets `answer` answer it; without one, 200 and a short JSON text. */
export async function startUpstream(answer: RequestListener = answerShortly): Promise<Upstream> {
  const requests: Recorded[] = [];
  const server = createServer({ keepAliveTimeout: 30_000 }, async (request, response) => {
    const { method = "", url = "", rawHeaders, headers } = request;
    const body = await textOf(request).catch(() => null);
    if (body === null) return;
    requests.push({ method, url, rawHeaders, headers, body });
    answer(request, response);
  });
  const listening = await listen(server);
  return { ...listening, url: `http://127.0.0.1:${listening.port}`, requests };
}

/** An upstream that handles the streams itself. */
export async function startStreamingUpstream(answer: RequestListener): Promise<Upstream> {
  const listening = await listen(createServer(answer));
  return { ...listening, url: `http://127.0.0.1:${listening.port}`, requests: [] };
}

const answerShortly: RequestListener = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end('{"ok":true}');
};

/** An upstream made of one socket at a time and of bytes: what it gets, and what it says. */
export async function startRawUpstream(
  converse: (socket: Socket, connection: number) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.setEncoding("latin1");
    socket.on("error", () => {});
    connections += 1;
    converse(socket, connections);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export async function listen(server: Server): Promise<Listening> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
