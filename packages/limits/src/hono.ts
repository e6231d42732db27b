import type { Context, MiddlewareHandler } from "hono";
import type { Limits, Passage } from "./limits.ts";
import { whenOver } from "./node.ts";
import type { Visit } from "./visit.ts";

export interface HonoOptions {
  /** The other end of the connection. If left out: that of `@hono/node-server`; elsewhere say where it stands. */
  readonly peerOf?: (context: Context) => string | undefined;
}

/** What `@hono/node-server` keeps beside a request. */
interface NodeBindings {
  readonly incoming?: Parameters<typeof whenOver>[0];
  readonly outgoing?: Parameters<typeof whenOver>[1];
}

/** Limits as a middleware: `app.use(honoLimits(limits))`, before everything that costs. */
export function honoLimits(limits: Limits, { peerOf = nodePeer }: HonoOptions = {}): MiddlewareHandler {
  return async (context, next) => {
    const { incoming, outgoing } = bindingsOf(context);
    const onGone = (run: () => void): void => {
      if (incoming && outgoing) whenOver(incoming, outgoing, run);
      else context.req.raw.signal.addEventListener("abort", run, { once: true });
    };
    const { pathname, search } = new URL(context.req.url);
    const passage: Passage = await limits.enter({
      method: context.req.method,
      target: pathname + search,
      header: (name) => context.req.header(name),
      peer: peerOf(context),
      onGone,
    });
    switch (passage.kind) {
      case "free":
        return next();
      case "answered": {
        const { status, headers, body } = passage.answer;
        return new Response(body, { status, headers: headers.map(([name, value]) => [name, value]) });
      }
      case "gone":
        return new Response(null, { status: 499 });
      case "admitted": {
        const { visit } = passage;
        onGone(() => visit.end());
        try {
          await next();
        } catch (error) {
          visit.end();
          throw error;
        }
        return tell(context, visit);
      }
      default:
        return passage satisfies never;
    }
  };
}

function tell(context: Context, visit: Visit): void {
  const contentType = context.res.headers.get("content-type") ?? undefined;
  for (const [name, value] of visit.headers(context.res.status, contentType)) context.header(name, value);
  // Node's server tells of the end itself.
  if (bindingsOf(context).outgoing !== undefined) return;
  if (context.res.body === null) visit.end();
  else context.res = new Response(endingWith(context.res.body, visit), context.res);
}

/** The same bytes; their end, or whoever reads them going away, is the end of the visit. */
function endingWith(body: ReadableStream<Uint8Array>, visit: Visit): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = await reader.read().catch((error: unknown) => {
        visit.end();
        throw error;
      });
      if (!read.done) return controller.enqueue(read.value);
      visit.end();
      controller.close();
    },
    async cancel(reason) {
      visit.end();
      await reader.cancel(reason);
    },
  });
}

function nodePeer(context: Context): string | undefined {
  return bindingsOf(context).incoming?.socket?.remoteAddress;
}

function bindingsOf({ env }: Context): NodeBindings {
  return typeof env === "object" && env !== null ? env : {};
}
