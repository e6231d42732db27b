/** CORS preflights: a browser's question whether a script may ask. Answered here, for nothing. Pure but for `answer`. */
import type { IncomingMessage, ServerResponse } from "node:http";

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const NAME_LIST = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2048}$/;
// Browsers cap it, Chromium at two hours.
const ASKED_AGAIN_AFTER_S = 7_200;

export function isPreflight({ method, headers }: Pick<IncomingMessage, "method" | "headers">): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  const asked = headers["access-control-request-headers"];
  response.writeHead(204, [
    "Access-Control-Allow-Origin",
    "*",
    "Access-Control-Allow-Methods",
    METHODS,
    // A wildcard would not cover `Authorization`, so what is asked for is named.
    "Access-Control-Allow-Headers",
    asked !== undefined && NAME_LIST.test(asked) ? asked : "Authorization, Content-Type",
    "Access-Control-Max-Age",
    String(ASKED_AGAIN_AFTER_S),
    "Vary",
    "Access-Control-Request-Headers",
  ]);
  response.end();
}

/** `OPTIONS *` asks about the server itself, which for the caller is this gateway (RFC 9110, 9.3.7). */
export function answerServerOptions(response: ServerResponse): void {
  response.writeHead(204, ["Allow", METHODS]);
  response.end();
}
