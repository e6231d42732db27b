/** The body of a request on its way through: counted, never collected. */
import type { IncomingMessage } from "node:http";
import { Transform } from "node:stream";

export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "body"; readonly bytes: number | null }
  | { readonly kind: "malformed"; readonly detail: string };

/** What the headers say about a body. `bytes` is null for a chunked one. Pure. */
export function bodyFraming(headers: IncomingMessage["headers"]): BodyFraming {
  const coding = headers["transfer-encoding"];
  if (coding !== undefined) {
    // Any other coding would be undone by nobody: it belongs to this connection and does not travel on.
    return coding.trim().toLowerCase() === "chunked"
      ? { kind: "body", bytes: null }
      : { kind: "malformed", detail: "The only transfer coding understood here is `chunked`." };
  }
  const bytes = Number(headers["content-length"] ?? 0);
  return bytes === 0 ? { kind: "none" } : { kind: "body", bytes };
}

export class BodyTooLarge extends Error {
  constructor() {
    super("the body is larger than allowed");
    this.name = "BodyTooLarge";
  }
}

export function tooLargeDetail(bytesMax: number): string {
  return `The body is larger than ${bytesMax} bytes.`;
}

/**
 * The body as a stream of its own. Towards the upstream it stands in for the request, because a client that fails
 * destroys its body, and destroying the request would cut the connection on which the failure is to be answered.
 */
export function countedBody(request: IncomingMessage, bytesMax: number): Transform {
  let bytes = 0;
  const body = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) done(new BodyTooLarge());
      else done(null, chunk);
    },
  });
  // Whoever forwards the body hears of its failure; when nobody does any more, nobody needs to.
  body.on("error", () => {});
  return request.pipe(body);
}

/** Reads on to the body's end and drops what comes, so that the connection can serve the next request. */
export function discardBody(request: IncomingMessage, bytesMax: number): void {
  if (request.complete) return;
  let bytes = 0;
  request.unpipe();
  request.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > bytesMax) request.socket.destroy();
  });
  request.resume();
}
