import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventTerms } from "./event-type.ts";
import type { Hook } from "./hook.ts";
import { hookOf, OF_ANN, OF_GREETER } from "./store-fixtures.contract.ts";
import { type ExampleFacts, exampleFor } from "./test-event.ts";

const TERMS: EventTerms = { action: "opened", sensitive: ["/mail"], scopes: null, fieldScopes: [] };
const SCOPED = { ...TERMS, scopes: ["read"], fieldScopes: [{ pointer: "/price", scopes: ["sales"] }] };
const EXAMPLE = { mail: "ann@example.com", price: 7 };

const CASES: readonly (readonly [string, Partial<Hook>, Partial<ExampleFacts>, object])[] = [
  [
    "a user's own hook sees all of it",
    { owner: OF_ANN },
    { terms: SCOPED, grants: null },
    { kind: "seen", view: null },
  ],
  ["a hook that is paused, too", { state: "paused" }, {}, { kind: "seen", view: null }],
  ["an app without grants sees it as with every scope", {}, { terms: SCOPED }, { kind: "seen", view: null }],
  [
    "an app sees it as the first of its grants that sees it at all",
    {},
    { terms: SCOPED, grants: [["other"], ["read"], ["read", "sales"]] },
    { kind: "seen", view: { include: null, omit: ["/price"], mask: [] } },
  ],
  ["no grant of the app sees it", {}, { terms: SCOPED, grants: [["sales"]] }, { kind: "scopes-lacking" }],
  [
    "a hook that is not secured sees it masked",
    { verifyTls: false },
    {},
    { kind: "seen", view: { include: null, omit: [], mask: ["/mail"] } },
  ],
  ["a hook that wants other types is not bothered", { events: ["pull.*"] }, {}, { kind: "not-wanted" }],
  [
    "nor one whose filter it does not fit",
    { filter: [{ pointer: "/price", in: [8] }] },
    {},
    { kind: "filtered" },
  ],
  ["nor one whose receiver has not answered yet", { state: "pending" }, {}, { kind: "pending" }],
  ["nor one whose receiver is gone", { state: "disabled" }, {}, { kind: "disabled" }],
];

for (const [why, hook, facts, expected] of CASES) {
  test(`an example of an event: ${why}`, () => {
    const given = {
      eventType: { type: "issue.opened" },
      example: EXAMPLE,
      terms: TERMS,
      grants: [],
      ...facts,
    };
    assert.deepEqual(exampleFor({ ...hookOf("hok", OF_GREETER), ...hook }, given), expected);
  });
}
