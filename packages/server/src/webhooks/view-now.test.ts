import assert from "node:assert/strict";
import { test } from "node:test";
import type { View } from "./view.ts";
import { type ScopeTerms, viewNow } from "./view-now.ts";

const SECURED = { url: "https://receiver.example/", verifyTls: true, include: null };
const PLAIN = { ...SECURED, url: "http://127.0.0.1/" };
const UNVERIFIED = { ...SECURED, verifyTls: false };
const SENSITIVE = ["/mail"];

const view = (over: Partial<View>): View => ({ include: null, omit: [], mask: [], ...over });
const terms = (over: Partial<ScopeTerms>): ScopeTerms => ({ scopes: null, fieldScopes: [], ...over });
const PRICE = { pointer: "/price", scopes: ["sales"] };

const CASES: readonly (readonly [
  why: string,
  stored: View | null,
  hook: typeof PLAIN | { readonly include: readonly string[] },
  grant: Parameters<typeof viewNow>[2],
  expected: View | null | "nothing",
])[] = [
  ["nothing has changed", null, SECURED, { grantScopes: null, terms: null }, null],
  [
    "the hook is no longer secured",
    null,
    PLAIN,
    { grantScopes: null, terms: null },
    view({ mask: SENSITIVE }),
  ],
  [
    "its certificate is no longer verified",
    null,
    UNVERIFIED,
    { grantScopes: [], terms: null },
    view({ mask: SENSITIVE }),
  ],
  [
    "the hook has become secured",
    view({ mask: SENSITIVE }),
    SECURED,
    { grantScopes: null, terms: null },
    null,
  ],
  [
    "the hook wants other fields",
    view({ include: ["/a"] }),
    { include: ["/b"] },
    { grantScopes: null, terms: null },
    view({ include: ["/b"] }),
  ],
  ["the hook wants all fields", view({ include: ["/a"] }), SECURED, { grantScopes: null, terms: null }, null],
  [
    "a grant has lost a field's scope",
    null,
    SECURED,
    { grantScopes: ["read"], terms: terms({ fieldScopes: [PRICE] }) },
    view({ omit: ["/price"] }),
  ],
  [
    "what was left out stays left out, once",
    view({ omit: ["/price", "/cost"] }),
    SECURED,
    { grantScopes: [], terms: terms({ fieldScopes: [PRICE] }) },
    view({ omit: ["/price", "/cost"] }),
  ],
  [
    "even where the grant has the scope now",
    view({ omit: ["/price"] }),
    SECURED,
    { grantScopes: ["sales"], terms: terms({ fieldScopes: [PRICE] }) },
    view({ omit: ["/price"] }),
  ],
  [
    "a user's own hook is bound by no scopes",
    null,
    SECURED,
    { grantScopes: null, terms: terms({ scopes: ["x"], fieldScopes: [PRICE] }) },
    null,
  ],
  [
    "a grant has one of the type's scopes",
    null,
    SECURED,
    { grantScopes: ["x"], terms: terms({ scopes: ["w", "x"] }) },
    null,
  ],
  [
    "a grant has lost the type's scopes",
    null,
    SECURED,
    { grantScopes: ["y"], terms: terms({ scopes: ["w", "x"] }) },
    "nothing",
  ],
  ["the type is no longer registered", null, SECURED, { grantScopes: [], terms: null }, null],
];

for (const [why, stored, hook, grant, expected] of CASES) {
  test(`an event is shown as hook and grant are now: ${why}`, () => {
    const seen = viewNow({ view: stored, sensitive: SENSITIVE }, { ...SECURED, ...hook }, grant);
    assert.deepEqual(seen, expected === "nothing" ? null : { view: expected });
  });
}
