/** Takes deliveries: checks the signature, looks at the content, writes the work down, answers. Nothing else waits. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HEADERS, type ReceivedMessage, verify } from "@trulinks/protocol";
import { type Greeting, readDelivery } from "./delivery.ts";
import type { UserSecrets } from "./secrets.ts";
import { HOOK_PATH } from "./settings.ts";

export interface ReceiverDeps {
  readonly now: () => number;
  /** The key of what concerns no user; null until the hook is being made. */
  readonly hookKey: () => Uint8Array | null;
  /** Null until the hook has been made. */
  readonly secrets: () => UserSecrets | null;
  /** Writes the work down, on disk when it returns; a webhook that came before changes nothing. */
  readonly enqueue: (webhookId: string, greeting: Greeting) => void;
}

/** The answer to a delivery. */
export interface Reply {
  readonly status: number;
  readonly message: string;
}

const BODY_BYTES_MAX = 1024 * 1024;
const RETRY_AFTER_S = 5;

export async function receive(
  deps: ReceiverDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, message } = await replyTo(deps, request);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    ...(status === 503 ? { [HEADERS.retryAfter]: RETRY_AFTER_S } : {}),
    // What was not read of a body that is too large must not be taken for the next request.
    ...(status === 413 ? { connection: "close" } : {}),
  });
  response.end(JSON.stringify({ message }));
}

async function replyTo(deps: ReceiverDeps, request: IncomingMessage): Promise<Reply> {
  if (request.url === "/healthz") return { status: 200, message: "ok" };
  if (request.url !== HOOK_PATH) return { status: 404, message: `Deliveries go to POST ${HOOK_PATH}.` };
  if (request.method !== "POST") return { status: 405, message: "Deliveries are sent by POST." };
  const body = await readBody(request);
  if (body === null) return { status: 413, message: `A delivery has at most ${BODY_BYTES_MAX} bytes.` };

  const header = (name: string): string | undefined => request.headers[name.toLowerCase()]?.toString();
  const id = header(HEADERS.webhookId);
  const message = {
    id,
    timestamp: header(HEADERS.webhookTimestamp),
    signature: header(HEADERS.webhookSignature),
    body,
  };
  const signer = header(HEADERS.hookUser) ?? null;
  const checked = await check(deps, message, signer);
  if (checked !== null || id === undefined) return checked ?? { status: 401, message: "No webhook-id." };

  const reading = readDelivery(body, signer);
  switch (reading.kind) {
    case "ping":
      return { status: 200, message: "pong" };
    case "greet":
      deps.enqueue(id, reading.greeting);
      return { status: 202, message: "Will be greeted." };
    case "malformed":
      return { status: 400, message: reading.reason };
    case "wrong-user":
      return { status: 401, message: "Signed with the secret of another user than the body names." };
    case "declined":
      return { status: 422, message: reading.reason };
    default:
      return reading satisfies never;
  }
}

/** Null if one of the signer's live secrets made the signature; else the refusal. */
async function check(
  deps: ReceiverDeps,
  message: ReceivedMessage,
  signer: string | null,
): Promise<Reply | null> {
  const nowMs = deps.now();
  if (signer === null) {
    const key = deps.hookKey();
    return toReply(await verify(key === null ? [] : [key], message, nowMs));
  }
  const secrets = deps.secrets();
  const first = await verify(secrets?.known(signer) ?? [], message, nowMs);
  // A missing header or an old timestamp is wrong with any secret.
  if (first.kind === "valid" || first.because !== "signature-mismatch") return toReply(first);

  const asked = (await secrets?.ask(signer)) ?? { kind: "unavailable" };
  if (asked.kind === "unavailable") return { status: 503, message: "The user's secret cannot be read now." };
  return toReply(await verify(asked.kind === "keys" ? asked.keys : [], message, nowMs));
}

function toReply(verification: Awaited<ReturnType<typeof verify>>): Reply | null {
  if (verification.kind === "valid") return null;
  return { status: 401, message: `Not accepted: ${verification.because}.` };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
