/** TruLinks' public listener as far as the greeter calls it, with a provider's comments behind. Kept in memory. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { postSigned, type TestDelivery } from "./signed-post.ts";

export interface Comment {
  readonly issue: string;
  readonly token: string;
  readonly app: string;
  readonly body: string;
  readonly atMs: number;
}

export interface Platform {
  readonly url: string;
  readonly comments: readonly Comment[];
  readonly hooks: ReadonlyMap<string, PlatformHook>;
  /** Every request as `METHOD /path`. */
  readonly requests: readonly string[];
  /** Each user's live secrets, newest first. */
  readonly userSecrets: Map<string, string[]>;
  /** Decides about the next comment instead of storing and answering it. */
  onComment: (token: string) => CommentFate;
  /** Sends a signed delivery as TruLinks would; resolves with the status. */
  deliver(delivery: TestDelivery): Promise<number>;
  stop(): Promise<void>;
}

export interface PlatformHook {
  readonly id: string;
  readonly secret: string;
  readonly url: string;
  state: "pending" | "active";
}

export type CommentFate =
  | { readonly kind: "stored" }
  | { readonly kind: "stored-answer-lost" }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: object;
    };

export const PLATFORM_APP = "app_greeter";
export const PLATFORM_CLIENT = { clientId: "client", clientSecret: "secret of the client" } as const;
const BASIC = `Basic ${Buffer.from("client:secret of the client").toString("base64")}`;
const SECRETS: readonly [string, string[]][] = ["ada", "grace"].map((user, index) => [
  user,
  [`whsec_${Buffer.alloc(32, index + 1).toString("base64")}`],
]);

export async function startPlatform(): Promise<Platform> {
  const comments: Comment[] = [];
  const hooks = new Map<string, PlatformHook>();
  const answers = new Map<string, number>();
  const requests: string[] = [];
  const userSecrets = new Map(SECRETS);
  let deliveries = 0;

  function json(
    response: ServerResponse,
    status: number,
    body: object,
    headers: Record<string, string> = {},
  ): unknown {
    return response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(body));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { method = "", url = "" } = request;
    const body = await text(request);
    requests.push(`${method} ${url}`);
    const [path = ""] = url.split("?");
    if (path.startsWith("/integrations/")) {
      if (request.headers.authorization !== BASIC) return json(response, 401, { message: "Bad credentials" });
      return serveIntegrations(response, method, path, body);
    }
    const issue = /^\/projects\/(\d+\/issues\/\d+)\/comments$/.exec(path)?.[1];
    if (issue === undefined) return json(response, 404, { message: "Not Found" });
    if (method === "GET")
      return json(
        response,
        200,
        comments.filter((comment) => comment.issue === issue),
      );
    return takeComment(request, response, { issue, body });
  }

  function serveIntegrations(response: ServerResponse, method: string, path: string, body: string): unknown {
    const [, , , id = "", part = "", user = ""] = path.split("/");
    const hook = hooks.get(id);
    const shown = (found: PlatformHook): object => ({
      id: found.id,
      url: found.url,
      state: found.state,
      app: PLATFORM_APP,
    });
    if (id === "" && method === "GET")
      return json(response, 200, { data: [...hooks.values()].map(shown), next: null });
    if (id === "" && method === "POST") {
      const { url, secret } = JSON.parse(body) as { url: string; secret: string };
      const made: PlatformHook = { id: `hok_${hooks.size + 1}`, url, secret, state: "pending" };
      hooks.set(made.id, made);
      // The ping overtakes the answer, as it may.
      return ping(made).then(() => json(response, 201, { ...shown(made), secret }));
    }
    if (hook === undefined) return json(response, 404, { message: "Not Found" });
    if (part === "secrets" && userSecrets.has(user)) {
      const secrets = (userSecrets.get(user) ?? []).map((secret) => ({ secret, version: 1, until: null }));
      return json(response, 200, { user, secrets, secret: secrets[0]?.secret });
    }
    if (part === "secret") {
      const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
      hooks.set(id, { ...hook, secret });
      return json(response, 200, { secret });
    }
    if (part === "pings") return ping(hook).then(() => json(response, 202, {}));
    if (part !== "") return json(response, 404, { message: "Not Found" });
    if (method === "PATCH") hooks.set(id, { ...hook, ...(JSON.parse(body) as { url: string }) });
    return json(response, 200, shown(hooks.get(id) ?? hook));
  }

  function takeComment(
    request: IncomingMessage,
    response: ServerResponse,
    sent: { issue: string; body: string },
  ): unknown {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    const fate = platform.onComment(token);
    if (fate.kind === "refused") return json(response, fate.status, fate.body ?? {}, fate.headers);
    const key = `${token} ${request.headers["idempotency-key"]}`;
    if (!answers.has(key)) {
      answers.set(key, 201);
      const { body } = JSON.parse(sent.body) as { body: string };
      comments.push({ issue: sent.issue, token, app: PLATFORM_APP, body, atMs: Date.now() });
    }
    if (fate.kind === "stored-answer-lost") return response.socket?.destroy();
    return json(response, 201, {});
  }

  async function ping(hook: PlatformHook): Promise<void> {
    const status = await post(hook, {
      signer: null,
      envelope: { type: "ping", action: "ping", data: {}, user: undefined },
    });
    if (status >= 200 && status < 300) hook.state = "active";
  }

  function post(hook: PlatformHook, delivery: TestDelivery): Promise<number> {
    const secrets = delivery.signer === null ? [hook.secret] : (userSecrets.get(delivery.signer) ?? []);
    return postSigned(hook, secrets, { id: `dlv_${++deliveries}`, ...delivery });
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.socket?.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const platform: Platform = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    hooks,
    requests,
    userSecrets,
    onComment: () => ({ kind: "stored" }),
    async deliver(delivery) {
      const [hook] = hooks.values();
      if (!hook) throw new Error("There is no hook to deliver to.");
      return post(hook, delivery);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return platform;
}
