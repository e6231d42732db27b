/** The promises of `replay-store.ts`, tried on an engine. Each suite is a file beside this one. */
import { describe } from "node:test";
import { redeliveries } from "./redelivery.contract.ts";
import { redeliveredViews } from "./redelivery-views.contract.ts";
import { replayPaces } from "./replay-pace.contract.ts";
import { replayRecords } from "./replay-records.contract.ts";
import { replaySteps } from "./replay-steps.contract.ts";
import { type OpenedStorage, promisedOf } from "./store-fixtures.contract.ts";

/** `open` gives an empty storage each time. */
export function replayStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  const promised = promisedOf(open);
  describe(`replays' store on ${name}`, () => {
    describe("redelivering one", () => redeliveries(promised));
    describe("and what its hook sees then", () => redeliveredViews(promised));
    describe("replays as they are kept", () => replayRecords(promised));
    describe("what a replay makes due", () => replaySteps(promised));
    describe("and how fast", () => replayPaces(promised));
  });
}
