/** A small JSON client for tests: any authority, any credentials, the status as it came. */
import { Agent, request } from "undici";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly body: any;
}

export interface Client {
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  close(): Promise<void>;
}

/** `authorization`: the whole header, or null for an anonymous caller. `ca`: the authority to trust. */
export function createClient(baseUrl: string, authorization: string | null, ca?: string): Client {
  const dispatcher = new Agent({ connections: 16, ...(ca ? { connect: { ca } } : {}) });

  async function call(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const headers = {
      ...(authorization === null ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...extra,
    };
    const payload = body === undefined ? null : JSON.stringify(body);
    const answer = await request(baseUrl + path, { method, headers, body: payload, dispatcher });
    const text = await answer.body.text();
    const isJson = String(answer.headers["content-type"] ?? "").includes("json");
    return { status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }

  return {
    get: (path) => call("GET", path),
    post: (path, body, headers) => call("POST", path, body, headers),
    put: (path, body) => call("PUT", path, body),
    patch: (path, body) => call("PATCH", path, body),
    delete: (path) => call("DELETE", path),
    close: () => dispatcher.close(),
  };
}

export function basic(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
}
