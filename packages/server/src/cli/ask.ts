/** How a command asks the platform over HTTP, and reads what it answers. */
import { readFileSync } from "node:fs";
import { errorCodeOf } from "@trulinks/protocol";
import { Agent, request } from "undici";
import type { Clock } from "../base/clock.ts";
import { CommandFailed } from "./command-io.ts";

export interface Asked {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Below the URL, such as `/v1/events`. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterS: number | null;
}

/** Throws `CommandFailed` where nobody answers, or not as the platform does. */
export type Ask = (asked: Asked) => Promise<Answered>;

export interface Client {
  readonly ask: Ask;
  close(): Promise<void>;
}

export interface ClientSource {
  readonly url: URL;
  /** The header's value. */
  readonly authorization: string;
  /** A file with certificates (PEM) to trust instead of the system's; null: the system's. */
  readonly caFile: string | null;
}

const ANSWER_MS_MAX = 60_000;

export function createClient({ url, authorization, caFile }: ClientSource): Client {
  const agent = new Agent(caFile === null ? {} : { connect: { ca: readCa(caFile) } });
  return { ask: (asked) => ask({ url, authorization, agent }, asked), close: () => agent.close() };
}

/** `--url` as it was given. `example`: how one looks. */
export function parseUrl(given: string, example: string): URL {
  const url = URL.parse(given);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new CommandFailed(`--url is "${given}". Expected a URL such as ${example}.`);
}

function readCa(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailed(`The file ${path} with certificates cannot be read.`, { cause: error });
  }
}

async function ask(
  { url, authorization, agent }: Omit<ClientSource, "caFile"> & { readonly agent: Agent },
  { method, path, body, headers }: Asked,
): Promise<Answered> {
  const target = new URL(url.pathname.replace(/\/$/, "") + path, url);
  try {
    const answer = await request(target, {
      method,
      dispatcher: agent,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: ANSWER_MS_MAX,
      headers: {
        authorization,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.body.text();
    const retryAfter = Number(answer.headers["retry-after"] ?? Number.NaN);
    return {
      status: answer.statusCode,
      body: parsed(text, target),
      retryAfterS: Number.isFinite(retryAfter) ? retryAfter : null,
    };
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    throw new Unanswered(url, error);
  }
}

/** Nobody answers there, for now. */
export class Unanswered extends CommandFailed {
  constructor(url: URL, cause: unknown) {
    const reason = cause instanceof Error ? (codeOf(cause) ?? cause.message) : String(cause);
    super(`${url.origin} does not answer (${reason}). Is the platform up? Say where with --url.`, { cause });
  }
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function parsed(text: string, target: URL): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CommandFailed(`${target.origin} does not answer in JSON. Is the platform there?`);
  }
}

const TRIES_MAX = 6;
const WAIT_S_MAX = 30;

/** The same, which waits a little where the platform is away or asks to be left alone. What is asked must be idempotent. */
export function patiently(ask: Ask, clock: Pick<Clock, "sleep">): Ask {
  return async (asked) => {
    for (let tried = 1; ; tried++) {
      const answered = await ask(asked).catch((error: unknown) => {
        if (error instanceof Unanswered && tried < TRIES_MAX) return null;
        throw error;
      });
      if (answered !== null && (answered.status !== 503 || tried === TRIES_MAX)) return answered;
      await clock.sleep(Math.min(answered?.retryAfterS ?? tried / 2, WAIT_S_MAX) * 1_000);
    }
  };
}

/** What the platform said against a request, in one message. */
export function refusalOf({ status, body }: Answered): CommandFailed {
  const { type } = (body ?? {}) as { type?: unknown };
  if (typeof type === "string" && errorCodeOf(type) === "operator-key-required")
    return new CommandFailed("The platform knows another operator key than this one.");
  return new CommandFailed(problemText(body) ?? `The platform answered ${status}.`);
}

/** A problem as a person reads it, the members that it points at one a line; null: it is none. */
export function problemText(body: unknown): string | null {
  const { message, errors } = (body ?? {}) as { message?: unknown; errors?: unknown };
  if (typeof message !== "string") return null;
  const lines = Array.isArray(errors) ? errors.map(errorLine) : [];
  return [message, ...lines].join("\n");
}

function errorLine(error: unknown): string {
  const { pointer, message } = error as { pointer?: unknown; message?: unknown };
  return `  ${pointer}: ${message}`;
}
