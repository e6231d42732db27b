/** A body that has to be judged is read whole, within bounds, and goes on byte for byte as it came. */
import type { IncomingMessage } from "node:http";
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
export function readWhole(
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
