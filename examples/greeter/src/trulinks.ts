/** Calls to TruLinks' public listener: to the provider's API as a user's app, to `/integrations` as the app itself. */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; null where there was none. */
  readonly body: unknown;
}

export interface TruLinks {
  /** As the app: client id and secret. Rejects where no answer comes. */
  asApp(method: string, path: string, body?: object): Promise<Answer>;
  /** As a user's grant. */
  withToken(token: string, method: string, path: string, call?: GrantCall): Promise<Answer>;
}

export interface GrantCall {
  readonly body?: object;
  /** The same key again has no second effect. */
  readonly idempotencyKey?: string;
}

const TIMEOUT_MS = 15_000;

export function connectTruLinks(
  trulinksUrl: string,
  app: { readonly clientId: string; readonly clientSecret: string },
  stopping: AbortSignal,
): TruLinks {
  async function call(
    authorization: string,
    method: string,
    path: string,
    { body, idempotencyKey }: GrantCall,
  ): Promise<Answer> {
    const response = await fetch(trulinksUrl + path, {
      method,
      headers: {
        authorization,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([stopping, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return { status: response.status, headers: response.headers, body: parseJson(await response.text()) };
  }

  const basic = `Basic ${Buffer.from(`${app.clientId}:${app.clientSecret}`).toString("base64")}`;
  return {
    asApp: (method, path, body) => call(basic, method, path, body === undefined ? {} : { body }),
    withToken: (token, method, path, options = {}) => call(`Bearer ${token}`, method, path, options),
  };
}

/** A member of a JSON object, or undefined where the value is no object or has none. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
