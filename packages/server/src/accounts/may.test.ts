import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AppId, GrantId, TokenId, UserId } from "@trulinks/protocol";
import type { Caller } from "./caller.ts";
import { type Action, grantFilterOf, hookOwnerOf, may, reachOf, type Verdict } from "./may.ts";

const ada = "ada" as UserId;
const bob = "bob" as UserId;
const greeter = "app_greeter" as AppId;
const other = "app_other" as AppId;
const tokenId = "tok_1" as TokenId;
const grantId = "grn_1" as GrantId;

const callers = {
  operator: { kind: "operator" },
  user: { kind: "user", userId: ada, tokenId, scopes: null },
  grant: { kind: "grant", grantId, userId: ada, appId: greeter, tokenId, scopes: [] },
  app: { kind: "app", appId: greeter },
  anonymous: { kind: "anonymous", address: "192.0.2.1" },
} as const satisfies Record<string, Caller>;
type Name = keyof typeof callers;

const things = {
  "the app's hook": { kind: "hook", owner: { kind: "app", appId: greeter } },
  "another app's hook": { kind: "hook", owner: { kind: "app", appId: other } },
  "the user's hook": { kind: "hook", owner: { kind: "user", userId: ada } },
  "another user's hook": { kind: "hook", owner: { kind: "user", userId: bob } },
  "the grant": { kind: "grant", userId: ada, appId: greeter },
  "the user's grant to another app": { kind: "grant", userId: ada, appId: other },
  "another user's grant to the app": { kind: "grant", userId: bob, appId: greeter },
  "another's grant": { kind: "grant", userId: bob, appId: other },
  hooks: { kind: "hooks" },
  grants: { kind: "grants" },
  deliveries: { kind: "deliveries" },
  app: { kind: "app" },
} as const satisfies Record<string, Action["thing"]>;

type Cells = readonly [user: Verdict, grant: Verdict, app: Verdict];
const TABLE: readonly (readonly [Action["verb"], keyof typeof things, Cells])[] = [
  ["read", "the app's hook", ["hidden", "yes", "yes"]],
  ["read", "another app's hook", ["hidden", "hidden", "hidden"]],
  ["read", "the user's hook", ["yes", "hidden", "hidden"]],
  ["read", "another user's hook", ["hidden", "hidden", "hidden"]],
  ["change", "the app's hook", ["hidden", "forbidden", "yes"]],
  ["change", "another app's hook", ["hidden", "hidden", "hidden"]],
  ["change", "the user's hook", ["yes", "hidden", "hidden"]],
  ["change", "another user's hook", ["hidden", "hidden", "hidden"]],
  ["secret", "the app's hook", ["hidden", "forbidden", "yes"]],
  ["secret", "another app's hook", ["hidden", "hidden", "hidden"]],
  ["secret", "the user's hook", ["hidden", "hidden", "hidden"]],
  ["read", "the grant", ["yes", "forbidden", "yes"]],
  ["read", "the user's grant to another app", ["yes", "forbidden", "hidden"]],
  ["read", "another user's grant to the app", ["hidden", "forbidden", "yes"]],
  ["read", "another's grant", ["hidden", "forbidden", "hidden"]],
  ["change", "the grant", ["yes", "forbidden", "yes"]],
  ["change", "another's grant", ["hidden", "forbidden", "hidden"]],
  ["read", "hooks", ["yes", "yes", "yes"]],
  ["change", "hooks", ["yes", "forbidden", "yes"]],
  ["read", "grants", ["yes", "forbidden", "yes"]],
  ["change", "grants", ["forbidden", "forbidden", "forbidden"]],
  ["read", "deliveries", ["yes", "yes", "yes"]],
  ["read", "app", ["forbidden", "forbidden", "yes"]],
];

describe("may", () => {
  for (const [verb, name, [user, grant, app]] of TABLE) {
    const expected: Readonly<Record<Name, Verdict>> = {
      operator: "yes",
      user,
      grant,
      app,
      anonymous: "unauthenticated",
    };
    test(`${verb} ${name}: user ${user}, grant ${grant}, app ${app}`, () => {
      for (const [caller, verdict] of Object.entries(expected)) {
        const action = { verb, thing: things[name] } as Action;
        assert.equal(may(callers[caller as Name], action), verdict, caller);
      }
    });
  }
});

const FILTERS: readonly (readonly [Name, unknown, unknown, unknown])[] = [
  ["operator", { kind: "all" }, null, null],
  ["user", { kind: "user", userId: ada }, { kind: "user", userId: ada }, { userId: ada }],
  ["grant", { kind: "grant", grantId }, { kind: "app", appId: greeter }, null],
  ["app", { kind: "app", appId: greeter }, { kind: "app", appId: greeter }, { appId: greeter }],
  ["anonymous", null, null, null],
];

describe("lists hold", () => {
  for (const [name, reach, owner, grants] of FILTERS) {
    test(`for ${name} only what is within its reach`, () => {
      assert.deepEqual(reachOf(callers[name]), reach);
      assert.deepEqual(hookOwnerOf(callers[name]), owner);
      assert.deepEqual(grantFilterOf(callers[name]), grants);
    });
  }
});
