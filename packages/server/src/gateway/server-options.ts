/** How both listeners read HTTP. One place, since every number here is a defence. */
import type { RequestListener, Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { answerFor, type ErrorCode, problem } from "@trulinks/protocol";

export const SERVER_OPTIONS = {
  // Request line and headers together.
  maxHeaderSize: 16_384,
  headersTimeout: 15_000,
  // The whole request, body included: 10 MiB at 300 kbit/s.
  requestTimeout: 300_000,
  connectionsCheckingInterval: 5_000,
  // Above the 60 s after which common load balancers give a connection up, so that they never write into a closed one.
  keepAliveTimeout: 65_000,
  requireHostHeader: true,
  // The strict parser refuses what two servers could read in two ways: both lengths, bare line feeds, spaces in names.
  insecureHTTPParser: false,
  noDelay: true,
} as const satisfies ServerOptions;

/**
 * Gives the server's requests to `listener`, also those that wait for `100 Continue`: the listener sends that
 * itself (`response.writeContinue()`) before it reads the body, so that a refused body is never sent.
 * `documentation`: the page that explains the problems.
 */
export function serveWith(server: Server, listener: RequestListener, documentation?: string): void {
  // Beyond the default of 2000 headers the rest is silently dropped, and with it perhaps what frames the body.
  server.maxHeadersCount = 0;
  server.on("request", listener);
  server.on("checkContinue", listener);
  server.on("clientError", (error, socket) => answerUnreadable(error, socket as Socket, documentation));
}

/** For a listener that reads every body and does not know of `100 Continue`. */
export function continuing(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.expect === "100-continue") response.writeContinue();
    listener(request, response);
  };
}

/** What could not be read as HTTP has no request to answer: the problem goes straight to the socket, which ends. */
function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  documentation: string | undefined,
): void {
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const { code, detail } = unreadable(error.code);
  const { status, mediaType, body } = answerFor(problem(code, { detail, documentation }), undefined);
  const text = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${status} ${body.title}`,
      `Content-Type: ${mediaType}`,
      `Content-Length: ${Buffer.byteLength(text)}`,
      "Connection: close",
      "",
      text,
    ].join("\r\n"),
  );
}

function unreadable(code: string | undefined): { readonly code: ErrorCode; readonly detail?: string } {
  if (code === "HPE_HEADER_OVERFLOW") return { code: "header-too-large" };
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return { code: "request-timeout" };
  return { code: "unparseable", detail: "This is no request that HTTP/1.1 allows." };
}

/** Part of an answer is out already: whatever follows would be read as its body. */
function isAnswering(socket: Socket & { _httpMessage?: { headersSent?: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}
