import type { IncomingMessage, ServerResponse } from "node:http";
import type { Limits } from "./limits.ts";
import { enterNode, sendAnswer } from "./node.ts";

/** Limits as a middleware of Express or Connect: `app.use(expressLimits(limits))`, before everything that costs. */
export function expressLimits(
  limits: Limits,
): (
  request: IncomingMessage & { readonly originalUrl?: string },
  response: ServerResponse,
  next: () => void,
) => void {
  return (request, response, next) => {
    const turns = {
      onPassed: () => next(),
      onAnswer: (answer: Parameters<typeof sendAnswer>[1]) => sendAnswer(response, answer),
    };
    // Below a mounted router `url` has lost what stands before it.
    enterNode(limits.enter, request, response, turns, request.originalUrl ?? request.url);
  };
}
