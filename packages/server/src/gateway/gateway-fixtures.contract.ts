/** Real sockets for the gateway's tests: an upstream that records, a gateway in front of it, two kinds of clients. */
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerOptions,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { AppId, GrantId, TokenId, UserId } from "@trulinks/protocol";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import { type Caller, quotaKey } from "../accounts/caller.ts";
import type { Identify } from "../accounts/identify.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import type { LogFields } from "../base/log.ts";
import { createGateway, type GatewayDeps } from "./gateway.ts";
import { memoryLedgers } from "./quotas.ts";
import { SERVER_OPTIONS, serveWith } from "./server-options.ts";

export const IDENTITY_KEY = new Uint8Array(32).fill(7);

export const GRANT: Caller = {
  kind: "grant",
  grantId: "grn_1" as GrantId,
  userId: "ada" as UserId,
  appId: "app_1" as AppId,
  tokenId: "tok_1" as TokenId,
  scopes: ["issues:read", "issues:write"],
};

const CALLERS: Readonly<Record<string, Caller>> = {
  "Bearer grant": GRANT,
  "Bearer user": { kind: "user", userId: "ada" as UserId, tokenId: "tok_2" as TokenId, scopes: null },
  "Basic app": { kind: "app", appId: "app_1" as AppId },
};

/** Knows three callers by what they send; everything else that is sent is bad. */
export const identify: Identify = async ({ authorization, address }) => {
  if (authorization === undefined) return { kind: "caller", caller: { kind: "anonymous", address } };
  const caller = CALLERS[authorization];
  return caller ? { kind: "caller", caller } : { kind: "bad-credentials" };
};

export const AS_GRANT: OutgoingHttpHeaders = { authorization: "Bearer grant" };

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Line {
  readonly event: string;
  readonly fields: LogFields;
}

export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
}

export interface Upstream extends Listening {
  readonly url: string;
  readonly requests: Recorded[];
}

export interface TestGateway extends Listening {
  readonly lines: Line[];
  /** Resolves once this many requests have been logged as admitted or refused. */
  logged(count: number): Promise<void>;
}

async function listen(server: Server): Promise<Listening> {
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

export async function startGateway(
  url: string | null,
  deps: Partial<GatewayDeps> = {},
  serverOptions: ServerOptions = {},
): Promise<TestGateway> {
  const lines: Line[] = [];
  const write = (event: string, fields: LogFields = {}): void => {
    lines.push({ event, fields });
  };
  const gateway = createGateway({
    identify,
    quotas: { rateLimit: () => POLICY_DEFAULT.rate_limit, ledgers: memoryLedgers(), keyOf: quotaKey },
    upstream: url === null ? null : { url, timeoutMs: 10_000 },
    identityKey: IDENTITY_KEY,
    clock: systemClock,
    dice: systemDice,
    log: { debug: write, info: write, warn: write, error: write },
    trustedProxies: [],
    ...deps,
  });
  const server = createServer({ ...SERVER_OPTIONS, ...serverOptions });
  serveWith(server, gateway.listener);
  const listening = await listen(server);
  return {
    ...listening,
    lines,
    async logged(count) {
      const visits = (): number => lines.filter(({ fields }) => "duration_ms" in fields).length;
      while (visits() < count) await systemClock.sleep(2);
    },
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]();
      await gateway.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders | readonly string[];
  readonly body?: string;
}

export async function ask({ port }: Listening, { body, headers, ...rest }: Question = {}): Promise<Answer> {
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    agent: false,
    headers: (headers ?? {}) as OutgoingHttpHeaders,
    ...rest,
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const { statusCode = 0, headers: answered, rawHeaders } = response;
  return { status: statusCode, headers: answered, rawHeaders, body: await textOf(response) };
}

/** Sends bytes as they are and returns everything that comes back until the other side ends the connection. */
export async function askRaw({ port }: Listening, bytes: string, endAfter?: RegExp): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.write(bytes, "latin1");
  let text = "";
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (endAfter?.test(text)) socket.destroy();
  });
  await once(socket, "close");
  return text;
}

export async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
