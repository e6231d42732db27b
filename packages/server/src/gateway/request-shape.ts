/** What a request is, before anybody asks whose: where to, how large, and whether it can be forwarded at all. Pure. */
import type { IncomingMessage } from "node:http";
import { bodyFraming, tooLargeDetail } from "./body.ts";
import type { Refusal } from "./refusal.ts";
import { parseTarget } from "./target.ts";

export type Asked =
  | {
      readonly kind: "asked";
      /** Path and query as sent. */
      readonly path: string;
      readonly host: string | undefined;
      readonly hasBody: boolean;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal };

type Arrival = Pick<IncomingMessage, "method" | "url" | "headers" | "rawHeaders" | "httpVersion">;

export function readRequest(
  { method, url = "", headers, rawHeaders, httpVersion }: Arrival,
  bodyBytesMax: number,
): Asked {
  // HTTP/1.0 has no codings: a proxy of that age has read another body here, or none (RFC 9112, 6.1).
  if (httpVersion === "1.0" && headers["transfer-encoding"] !== undefined) {
    const detail = "HTTP/1.0 has no transfer codings.";
    return refused({ code: "unparseable", detail, headers: [["Connection", "close"]] });
  }
  // An upstream's answer to TRACE would show the caller the identity that only the upstream is to see.
  if (method === "TRACE") {
    return refused({
      code: "method-not-allowed",
      detail: "TRACE is not forwarded.",
      headers: [["Allow", ALLOWED]],
    });
  }
  if (headers.upgrade?.toLowerCase().includes("websocket")) {
    return refused({ code: "upgrade-unsupported", detail: "WebSockets do not pass this gateway." });
  }
  if (hostsOf(rawHeaders) > 1) return malformed("There is more than one `Host` header.");

  const target = parseTarget(url);
  if (target.kind === "malformed") return malformed(target.detail);
  if (target.kind === "server") return malformed("The target `*` goes only with OPTIONS.");

  const framing = bodyFraming(headers);
  if (framing.kind === "malformed") return malformed(framing.detail);
  if (framing.kind === "body" && framing.bytes !== null && framing.bytes > bodyBytesMax) {
    return refused({ code: "too-large", detail: tooLargeDetail(bodyBytesMax) });
  }
  const host = target.authority ?? headers.host;
  return { kind: "asked", path: target.path, host, hasBody: framing.kind === "body" };
}

const ALLOWED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

function malformed(detail: string): Asked {
  return refused({ code: "unparseable", detail });
}

function refused(refusal: Refusal): Asked {
  return { kind: "refused", refusal };
}

function hostsOf(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === "host") hosts += 1;
  }
  return hosts;
}
