/** Limits around what `node:http` calls, and around frameworks that build on it. Types of Node only. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import type { Asked, Passage } from "./limits.ts";
import type { Visit } from "./visit.ts";

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void;

type Enter = (asked: Asked) => Passage | Promise<Passage>;

export function nodeListener(enter: Enter, handler: NodeHandler): NodeHandler {
  return (request, response) => {
    enterNode(enter, request, response, {
      onPassed: () => handler(request, response),
      onAnswer: (answer) => sendAnswer(response, answer),
    });
  };
}

export interface NodeTurns {
  /** It may go on. The answer's headers and its end are seen to. */
  readonly onPassed: () => void;
  readonly onAnswer: (answer: Answer) => void;
}

/** `target`: path and query, where a framework has changed the request's own. */
export function enterNode(
  enter: Enter,
  request: IncomingMessage,
  response: ServerResponse,
  { onPassed, onAnswer }: NodeTurns,
  target: string = request.url ?? "/",
): void {
  const go = (passage: Passage): void => {
    switch (passage.kind) {
      case "free":
        onPassed();
        break;
      case "answered":
        onAnswer(passage.answer);
        break;
      case "admitted":
        whenOver(request, response, passage.visit.end);
        if (isOver(request, response)) break;
        tellHeaders(response, passage.visit);
        onPassed();
        break;
      case "gone":
        break;
      default:
        passage satisfies never;
    }
  };
  const passage = enter({
    method: request.method ?? "GET",
    target,
    header: (name) => request.headers[name]?.toString(),
    peer: request.socket.remoteAddress,
    onGone: (run) => whenOver(request, response, run),
  });
  if (passage instanceof Promise) void passage.then(go);
  else go(passage);
}

export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = new TextEncoder().encode(body);
  response.writeHead(status, Object.fromEntries([...headers, ["Content-Length", String(bytes.length)]]));
  response.end(bytes);
}

type Connection = Pick<IncomingMessage, "socket">;
type Closing = Pick<ServerResponse, "once" | "off" | "destroyed">;

/** Runs once, when the last byte has left or nobody waits for it any more; at once, if that is so already. */
export function whenOver(request: Connection, response: Closing, run: () => void): void {
  if (isOver(request, response)) {
    run();
    return;
  }
  const { socket } = request;
  const over = (): void => {
    response.off("close", over);
    socket.off("close", over);
    run();
  };
  response.once("close", over);
  // Node before 26 never tells an answer that waits behind another one that their connection has ended. Each of them
  // listens, and Node would warn of more than ten.
  socket.setMaxListeners(0);
  socket.once("close", over);
}

function isOver({ socket }: Connection, { destroyed }: Closing): boolean {
  return destroyed || socket.destroyed;
}

/** Headers are told when they leave, for only then is it known what the answer costs. */
function tellHeaders(response: ServerResponse, visit: Visit): void {
  const { writeHead } = response;
  const told = (status: number, ...rest: readonly unknown[]): ServerResponse => {
    response.writeHead = writeHead;
    for (const [name, value] of visit.headers(status, contentTypeOf(response, rest))) {
      response.setHeader(name, value);
    }
    return Reflect.apply(writeHead, response, [status, ...rest]) as ServerResponse;
  };
  // Node itself calls it, too, for an answer that never did.
  response.writeHead = told as ServerResponse["writeHead"];
}

/** Of the headers given with the status, in each of the forms that Node takes, or of those set before. */
function contentTypeOf(response: ServerResponse, rest: readonly unknown[]): string | undefined {
  const headers = rest.at(-1);
  const pairs = Array.isArray(headers)
    ? Array.isArray(headers[0])
      ? headers
      : headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []))
    : typeof headers === "object" && headers !== null
      ? Object.entries(headers)
      : [];
  const given = pairs.find(([name]) => String(name).toLowerCase() === "content-type")?.[1];
  return (given ?? response.getHeader("content-type"))?.toString();
}
