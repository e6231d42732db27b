/** A gateway on a real socket, and clients for it. */
import { once } from "node:events";
import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerOptions,
} from "node:http";
import { connect } from "node:net";
import type { AppId, GrantId, TokenId, UserId } from "@trulinks/protocol";
import { POLICY_DEFAULT, type Policy } from "@trulinks/protocol";
import { type Caller, quotaKey } from "../accounts/caller.ts";
import type { Identify } from "../accounts/identify.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import type { LogFields } from "../base/log.ts";
import { createGateway, type GatewayDeps } from "./gateway.ts";
import { createQuotas, type Quotas } from "./quotas.ts";
import { SERVER_OPTIONS, serveWith } from "./server-options.ts";
import { type Listening, listen, textOf } from "./upstream-fixtures.contract.ts";

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

export interface Line {
  readonly event: string;
  readonly fields: LogFields;
}

export interface TestGateway extends Listening {
  readonly lines: Line[];
  /** Resolves once this many requests have been logged as admitted or refused. */
  logged(count: number): Promise<void>;
}

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
    quotas: quotasOf({}),
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
  readonly body?: string | Uint8Array;
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
export async function askRaw(
  { port }: Pick<Listening, "port">,
  bytes: string,
  endAfter?: RegExp,
): Promise<string> {
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

export function open(
  { port }: Listening,
  method: string,
  headers: Record<string, string> = {},
  path = "/",
): ClientRequest {
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    agent: false,
    method,
    path,
    headers: { ...AS_GRANT, ...headers },
  });
  request.on("error", () => {});
  return request;
}

export async function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

/** So wide that no test meets them that is not about them. */
const WIDE = {
  serial_requests: {
    in_flight_max: 1_000,
    waiting_max: 0,
    wait_ms_max: 0,
    streams_max: 1_000,
    anonymous: { waiting_max: 0 },
  },
  write_pacing: { gap_ms: 1, burst: 1_000, tolerance_ms: 0, anonymous: { burst: 1_000 } },
  points: { per_min: 100_000, read: 1, write: 5, anonymous: { per_min: 100_000 } },
  content_pacing: { per_min: 1_000, per_h: 1_000 },
};

export function quotasOf(limits: Partial<Policy["rate_limit"]>, abuse: Partial<Policy> = WIDE): Quotas {
  const rate_limit = { ...POLICY_DEFAULT.rate_limit, ...limits };
  return createQuotas({ ...POLICY_DEFAULT, ...abuse, rate_limit }, quotaKey);
}

export const TWO_AN_HOUR = { limit: 2, window_s: 3_600 };
