/** The promises of `store.ts`, tried on an engine. Each suite is a file beside this one. */
import { describe } from "node:test";
import { claims } from "./store-claims.contract.ts";
import { clock } from "./store-clock.contract.ts";
import { deliveries } from "./store-deliveries.contract.ts";
import { examples } from "./store-example.contract.ts";
import { expiry } from "./store-expiry.contract.ts";
import { type OpenedStorage, promisedOf } from "./store-fixtures.contract.ts";
import { hookSecrets } from "./store-hook-secrets.contract.ts";
import { hooks } from "./store-hooks.contract.ts";
import { ingest } from "./store-ingest.contract.ts";
import { keeping } from "./store-keeping.contract.ts";
import { keys } from "./store-keys.contract.ts";
import { knocking } from "./store-knock.contract.ts";
import { receipts } from "./store-receipts.contract.ts";
import { release } from "./store-release.contract.ts";
import { search } from "./store-search.contract.ts";
import { serial } from "./store-serial.contract.ts";
import { settle } from "./store-settle.contract.ts";
import { storing } from "./store-storing.contract.ts";
import { sweep } from "./store-sweep.contract.ts";
import { trim } from "./store-trim.contract.ts";
import { turns } from "./store-turns.contract.ts";
import { views } from "./store-views.contract.ts";

/** `open` gives an empty storage each time. */
export function webhookStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  const promised = promisedOf(open);
  describe(`webhooks' store on ${name}`, () => {
    describe("whom an event reaches", () => ingest(promised));
    describe("what a hook sees of an event", () => views(promised));
    describe("how an event is stored", () => storing(promised));
    describe("the same event again", () => receipts(promised));
    describe("newer ones that replace older ones", () => keys(promised));
    describe("claims and leases", () => claims(promised));
    describe("whose turn it is", () => turns(promised));
    describe("serial hooks", () => serial(promised));
    describe("what an attempt leads to", () => settle(promised));
    describe("what expires", () => expiry(promised));
    describe("bounds on what waits", () => trim(promised));
    describe("hooks", () => hooks(promised));
    describe("pending hooks", () => knocking(promised));
    describe("examples of event types", () => examples(promised));
    describe("what is kept for a hook that does not deliver", () => keeping(promised));
    describe("what is released", () => release(promised));
    describe("a clock that is set back", () => clock(promised));
    describe("secrets of hooks and users", () => hookSecrets(promised));
    describe("lists of deliveries", () => deliveries(promised));
    describe("searching many deliveries", () => search(promised));
    describe("sweeping", () => sweep(promised));
  });
}
