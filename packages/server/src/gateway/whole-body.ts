/** A body that has to be judged is read whole, within bounds, and goes on byte for byte as it came. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HEADERS } from "@trulinks/protocol";
import { tooLargeDetail } from "./body.ts";
import type { Refusal } from "./refusal.ts";

export type WholeBody =
  | { readonly kind: "read"; readonly bytes: Buffer }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The caller went away. */
  | { readonly kind: "left" };

/** What bodies that are read whole may take of the memory together. */
export interface BodyBudget {
  bytesLeft: number;
}

const NO_ROOM: Refusal = {
  code: "unavailable",
  detail: "Too many bodies are being read.",
  headers: [[HEADERS.retryAfter, "1"]],
};

/** The bytes are the budget's until `giveBack` is called, whatever becomes of them. */
function readWhole(
  request: IncomingMessage,
  { bytesMax, budget }: { readonly bytesMax: number; readonly budget: BodyBudget },
): { readonly body: Promise<WholeBody>; readonly giveBack: () => void } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body = new Promise<WholeBody>((resolve) => {
    const stop = (result: WholeBody): void => {
      request.off("data", take).off("end", end).off("close", leave);
      // What follows is dropped by whoever answers.
      if (result.kind === "refused") request.pause();
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      budget.bytesLeft -= chunk.length;
      chunks.push(chunk);
      const refusal =
        bytes > bytesMax
          ? ({ code: "too-large", detail: tooLargeDetail(bytesMax) } as const)
          : budget.bytesLeft < 0
            ? NO_ROOM
            : null;
      if (refusal !== null) stop({ kind: "refused", refusal });
    };
    const end = (): void =>
      stop({ kind: "read", bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) });
    const leave = (): void => stop({ kind: "left" });
    request.on("data", take).once("end", end).once("close", leave);
    request.on("error", () => {});
  });
  return {
    body,
    giveBack() {
      budget.bytesLeft += bytes;
      bytes = 0;
    },
  };
}

/** The same for one that is about to be sent: refused before a byte of it is asked for, where it says that it is too large. */
export async function takeWhole(
  request: IncomingMessage,
  response: ServerResponse,
  bounds: { readonly bytesMax: number; readonly budget: BodyBudget },
): Promise<WholeBody & { readonly giveBack: () => void }> {
  if (Number(request.headers["content-length"] ?? 0) > bounds.bytesMax) {
    const refusal: Refusal = { code: "too-large", detail: tooLargeDetail(bounds.bytesMax) };
    return { kind: "refused", refusal, giveBack: () => {} };
  }
  if (request.headers.expect !== undefined) response.writeContinue();
  const { body, giveBack } = readWhole(request, bounds);
  return { ...(await body), giveBack };
}
