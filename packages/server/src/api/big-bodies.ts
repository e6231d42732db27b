/**
 * Bodies of many megabytes are read a few at a time. What waits for its turn lies in the sender's socket, so that the
 * memory for bodies is bounded however many come at once.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Unavailable } from "../base/unavailable.ts";

/** Together; at least as much as the largest body may have. */
export const BIG_BODIES_BYTES_MAX = 32 * 1024 * 1024;
export const BIG_BODIES_WAITING_MAX = 200;
/** What is smaller comes in at once. */
const SMALL_BYTES_MAX = 1024 * 1024;
const RETRY_AFTER_S = 1;

export function queueBigBodies(app: FastifyInstance): void {
  const turns = createTurns({ bytesMax: BIG_BODIES_BYTES_MAX, waitingMax: BIG_BODIES_WAITING_MAX });
  app.addHook("preParsing", async (request, reply) => {
    const bytes = bytesOf(request);
    if (bytes <= SMALL_BYTES_MAX) return;
    const turn = turns.take(bytes);
    if (turn === null) throw new Unavailable("Too many large bodies wait already.", RETRY_AFTER_S);
    // Also where the sender goes away, in its turn or before.
    reply.raw.once("close", turn.end);
    await turn.come;
  });
}

/** What the body may come to: as much as the route takes where no length is told. Longer ones are refused anyway. */
function bytesOf({ headers, routeOptions }: FastifyRequest): number {
  const told = headers["content-length"];
  const bytes = Number(told ?? (headers["transfer-encoding"] === undefined ? 0 : routeOptions.bodyLimit));
  return bytes > routeOptions.bodyLimit ? 0 : bytes;
}

export interface Turn {
  /** Resolves when it has come, and also if it ends before. */
  readonly come: Promise<void>;
  /** Lets the next ones in. Asked twice, it is done once. */
  readonly end: () => void;
}

export interface Turns {
  /** Null: as many wait as may. They come in the order of their asking. */
  take(bytes: number): Turn | null;
}

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
}

export function createTurns({
  bytesMax,
  waitingMax,
}: {
  readonly bytesMax: number;
  readonly waitingMax: number;
}): Turns {
  const waiting = new Set<Waiting>();
  let takenBytes = 0;

  function letIn(): void {
    for (const one of waiting) {
      if (takenBytes + one.bytes > bytesMax) return;
      waiting.delete(one);
      takenBytes += one.bytes;
      one.begin();
    }
  }

  return {
    take(bytes) {
      if (waiting.size >= waitingMax) return null;
      const { promise: come, resolve: begin } = Promise.withResolvers<void>();
      const one = { bytes, begin };
      let isOver = false;
      waiting.add(one);
      letIn();
      return {
        come,
        end() {
          if (isOver) return;
          isOver = true;
          if (!waiting.delete(one)) takenBytes -= bytes;
          begin();
          letIn();
        },
      };
    },
  };
}
