/** While the disk is almost full, what would add to the store is turned away before its body is read. */
import { HEADERS } from "@trulinks/protocol";
import type { FastifyInstance } from "fastify";
import { Refusal } from "./problem.ts";

/** What is read, changed or deleted goes on: that is how space comes back. */
export const GROWING_METHODS: readonly string[] = ["POST", "PUT"];
const RETRY_AFTER_S = 30;

export function refuseGrowth(app: FastifyInstance, isSpaceShort: () => boolean): void {
  app.addHook("onRequest", async ({ method, routeOptions }) => {
    if (!GROWING_METHODS.includes(method) || routeOptions.config.isFreeing || !isSpaceShort()) return;
    throw new Refusal("almost-full", { headers: { [HEADERS.retryAfter]: String(RETRY_AFTER_S) } });
  });
}
