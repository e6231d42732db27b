/** `@trulinks/limits`: rate limit decisions as pure functions, and ledgers that remember them. */
export * from "./decision.ts";
export * from "./ledger/memory.ts";
export * from "./ledger.ts";
export * from "./window.ts";
