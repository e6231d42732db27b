/**
 * A receiver of webhooks with nothing but Node (22.18 or newer): `node receiver.ts`.
 *
 * It believes only what is signed, keeps what it takes on disk before it answers, and does the work afterwards.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What this app handles. Anything else is declined: no catch-all. */
const KNOWN_TYPES = new Set(["ping", "issue.opened", "issue.closed"]);
const TOLERANCE_S = 300;
const BODY_BYTES_MAX = 1024 * 1024;

export interface Message {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  /** The bytes as they came. Parsed and written again they would be others. */
  readonly body: Buffer;
}

/** `valid`, or why not. `secrets`: all that are live, so that a rotation loses nothing. */
export function verify(
  secrets: readonly string[],
  { id, timestamp, signature, body }: Message,
  nowS: number,
): string {
  if (!id || !timestamp || !signature) return "header-missing";
  if (!/^[0-9]{1,12}$/.test(timestamp)) return "timestamp-malformed";
  if (nowS - Number(timestamp) > TOLERANCE_S) return "timestamp-too-old";
  if (Number(timestamp) - nowS > TOLERANCE_S) return "timestamp-too-new";
  let isValid = false;
  for (const secret of secrets) {
    const hmac = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(`v1,${hmac.digest("base64")}`);
    // Every signature is compared, each in a time that tells nothing of it.
    for (const given of signature.split(" ", 16).map((text) => Buffer.from(text)))
      if (given.length === expected.length && timingSafeEqual(given, expected)) isValid = true;
  }
  return isValid ? "valid" : "signature-mismatch";
}

/** The key in `whsec_` and base64 of 24 to 64 bytes. */
export function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (`whsec_${key.toString("base64")}` !== secret || key.length < 24 || key.length > 64)
    throw new Error("That is no secret of a webhook.");
  return key;
}

/** `{ "hook": ["whsec_…"], "users": { "ada": ["whsec_…"] } }`; read anew each time, so that a rotation needs no restart. */
interface Secrets {
  readonly hook: readonly string[];
  readonly users?: Readonly<Record<string, readonly string[]>>;
}

interface Envelope {
  readonly type: string;
  readonly hook: string;
  readonly sequence?: number;
  readonly user?: string;
  /** The example of a type, sent by hand. */
  readonly test?: boolean;
  readonly data: { readonly challenge?: string };
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

function receive(headers: IncomingMessage["headers"], body: Buffer): Answer {
  const header = (name: string) => headers[name]?.toString();
  const secrets = JSON.parse(readFileSync(SECRETS, "utf8")) as Secrets;
  // The header only chooses the secret: until that fits it is a stranger's word.
  const user = header("trulinks-user");
  const live = (user === undefined ? secrets.hook : secrets.users?.[user]) ?? secrets.hook;
  const [id = "", timestamp, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(
    header,
  );
  const verdict = verify(live, { id, timestamp, signature, body }, Math.floor(Date.now() / 1000));
  if (verdict !== "valid") return { status: 401, body: { error: verdict } };

  const envelope = JSON.parse(body.toString()) as Envelope;
  // Signed by one user's secret it may speak of that user alone: one that leaked harms nobody else.
  if (live !== secrets.hook && envelope.user !== user)
    return { status: 401, body: { error: "another user's" } };
  if (!KNOWN_TYPES.has(envelope.type)) return { status: 422, body: { error: `no use for ${envelope.type}` } };
  if (envelope.type === "ping") return { status: 200, body: answerTo(envelope, secrets.hook[0] ?? "") };
  if (envelope.test === true) return { status: 200, body: {} };
  keep(envelope, id, body);
  return { status: 202, body: {} };
}

/** A platform may ask for more than 2xx before it sends anything: that the secret is known here. */
function answerTo({ data: { challenge } }: Envelope, secret: string): object {
  if (challenge === undefined) return {};
  return { challenge: createHmac("sha256", keyOf(secret)).update(challenge).digest("base64") };
}

/** On disk once it returns. The name is the same on every retry, so what comes twice is kept once. */
function keep({ hook, sequence = 0 }: Envelope, id: string, body: Buffer): void {
  const name = `${hook}.${String(sequence).padStart(12, "0")}.${id}.json`;
  if (!/^[\w.-]+$/.test(name)) throw new Error(`The id ${id} is no name for a file.`);
  if (existsSync(`${INBOX}/${name}`) || existsSync(`${INBOX}/done/${name}`)) return;
  writeFileSync(`${INBOX}/${name}.part`, body, { flush: true });
  renameSync(`${INBOX}/${name}.part`, `${INBOX}/${name}`);
}

/** The work itself, after the answer and in the order of the numbers. */
function work(): void {
  const names = readdirSync(INBOX).filter((name) => name.endsWith(".json"));
  for (const name of names.sort()) {
    const { type, sequence, data } = JSON.parse(readFileSync(`${INBOX}/${name}`, "utf8")) as Envelope;
    console.log(type, sequence ?? "-", JSON.stringify(data));
    renameSync(`${INBOX}/${name}`, `${INBOX}/done/${name}`);
  }
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return void response.writeHead(413).end();
    chunks.push(chunk);
  }
  const { status, body } = receive(request.headers, Buffer.concat(chunks));
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

const { SECRETS = "secrets.json", INBOX = "inbox", PORT = "9000" } = process.env;

if (import.meta.main) {
  mkdirSync(`${INBOX}/done`, { recursive: true });
  setInterval(() => {
    try {
      work();
    } catch (error) {
      console.error(error); // What could not be done is tried again.
    }
  }, 200);
  createServer((request, response) => {
    // Whatever goes wrong here is ours: 503 asks for the same once more.
    serve(request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(503, { "Retry-After": "5" }).end();
    });
  }).listen(Number(PORT), "127.0.0.1", () => console.log(`listening on ${PORT}`));
}
