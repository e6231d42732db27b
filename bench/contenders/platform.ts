/** TruLinks itself with users and hooks, each user with one hook, all of them at the bench's receiver. */
import { Agent, request } from "undici";
import { type Platform, startPlatform } from "../../test/platform.ts";
import { EVENT_PATTERN, userId } from "../load/request-bytes.ts";
import type { Watched } from "../measure/processes.ts";
import { inLanes } from "./in-lanes.ts";

export interface HookPlan {
  readonly users: number;
  /** Where the hook of user `index` leads. */
  readonly urlOf: (index: number) => string;
  /** Further members of `POST /v1/hooks`. */
  readonly hook?: Readonly<Record<string, unknown>>;
}

export interface PlatformUnderTest {
  readonly platform: Platform;
  readonly port: number;
  readonly authorization: string;
  /** By user. */
  readonly hookIds: readonly string[];
  processes(): readonly Watched[];
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  patch(path: string, body: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface PlatformOptions extends HookPlan {
  readonly env?: Readonly<Record<string, string>>;
  /** The database beside it, if it has one. */
  readonly service?: Watched | null;
}

const SETUP_LANES = 16;
// Some of what is asked waits for its answer.
const CONNECTIONS = 128;
// A start that takes long is a figure, and no reason to give up.
const READY_MS_MAX = 120_000;

export async function preparePlatform(options: PlatformOptions): Promise<PlatformUnderTest> {
  const platform = await startPlatform({ env: options.env ?? {}, readyMsMax: READY_MS_MAX });
  const dispatcher = new Agent({ connections: CONNECTIONS });
  const authorization = `Bearer ${platform.operatorKey}`;
  const headers = { authorization, "content-type": "application/json" };

  async function call(method: "GET" | "POST" | "PATCH", path: string, body?: unknown): Promise<unknown> {
    const answer = await request(platform.providerUrl + path, {
      method,
      headers,
      dispatcher,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text);
  }

  async function makeHook(index: number): Promise<string> {
    const user = userId(index);
    await call("POST", "/v1/users", { id: user });
    const hook = { user, url: options.urlOf(index), events: [EVENT_PATTERN], ...options.hook };
    return ((await call("POST", "/v1/hooks", hook)) as { readonly id: string }).id;
  }

  const close = async (): Promise<void> => {
    await dispatcher.close();
    await platform.dispose();
  };
  try {
    const hookIds = await inLanes(options.users, SETUP_LANES, makeHook);
    return {
      platform,
      port: Number(new URL(platform.providerUrl).port),
      authorization,
      hookIds,
      processes: () => [
        { role: "sender", pid: platform.pid() },
        ...(options.service ? [options.service] : []),
      ],
      get: (path) => call("GET", path),
      post: (path, body) => call("POST", path, body),
      patch: (path, body) => call("PATCH", path, body),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
