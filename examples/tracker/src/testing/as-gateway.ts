/** Calls the tracker as TruLinks' gateway would: with a signed identity of the caller. */
import { type Identity, identityHeaders, signIdentity } from "@trulinks/protocol";

export const TEST_IDENTITY_KEY = new Uint8Array(32).fill(7);

export interface CallOptions {
  readonly user?: string;
  readonly app?: string;
  readonly scopes?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The gateway's clock; now if left out. */
  readonly nowMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies of every shape and fails where one differs.
  readonly body: any;
}

let requests = 0;

export async function callAsGateway(
  trackerUrl: string,
  method: string,
  target: string,
  { user, app, scopes, body, headers = {}, nowMs = Date.now() }: CallOptions = {},
): Promise<Answer> {
  const identity: Identity = {
    method,
    target,
    request: `req_${++requests}`,
    user,
    app,
    scopes,
    grant: user && app ? `grn_${user}` : undefined,
  };
  const signed = identityHeaders(identity, await signIdentity(TEST_IDENTITY_KEY, identity, nowMs));
  return call(trackerUrl, method, target, { body, headers: { ...Object.fromEntries(signed), ...headers } });
}

export async function call(
  trackerUrl: string,
  method: string,
  target: string,
  { body, headers = {} }: Pick<CallOptions, "body" | "headers"> = {},
): Promise<Answer> {
  const response = await fetch(trackerUrl + target, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
