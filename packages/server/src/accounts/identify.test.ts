import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AppId, GrantId, TokenId, UserId } from "@trulinks/protocol";
import { systemDice } from "../base/dice.ts";
import { openSqliteInProcess } from "../storage/sqlite/open.ts";
import type { Storage } from "../storage/storage.ts";
import type { Caller } from "./caller.ts";
import { hashCredential, makeCredential } from "./credentials.ts";
import { createIdentify, type Identified, parseAuthorization } from "./identify.ts";

const NOW_MS = 1_800_000_000_000;
const ADDRESS = "192.0.2.1";
const ada = "ada" as UserId;
const appId = "app_1" as AppId;
const grantId = "grn_1" as GrantId;

let storage: Storage;
let nowMs = NOW_MS;

before(async () => {
  storage = openSqliteInProcess({ file: ":memory:", dice: systemDice });
  const { accounts } = storage;
  await accounts.createUser({ id: ada, name: null, email: null, createdAtMs: NOW_MS });
  await accounts.createApp(
    { id: appId, name: "Greeter", owner: null, contact: null, clientId: "client_1", createdAtMs: NOW_MS },
    hashCredential("secret"),
  );
  await accounts.grant({ id: grantId, userId: ada, appId, scopes: ["a", "b"], nowMs: NOW_MS });
});
after(() => storage.close());

async function identify(authorization: string | undefined): Promise<Identified> {
  const clock = { now: () => nowMs };
  return createIdentify({ store: storage.accounts, clock })({ authorization, address: ADDRESS });
}

interface TokenOptions {
  readonly app?: AppId;
  readonly scopes?: readonly string[];
  readonly expiresAtMs?: number;
}

let count = 0;

async function makeToken({ app, scopes, expiresAtMs }: TokenOptions): Promise<{ id: TokenId; text: string }> {
  const { text, hash } = makeCredential(app ? "grant" : "user", systemDice);
  const made = await storage.accounts.createToken({
    id: `tok_${++count}` as TokenId,
    hash,
    userId: ada,
    appId: app ?? null,
    newGrantId: "grn_unused" as GrantId,
    scopes: scopes ?? null,
    nowMs: NOW_MS,
    expiresAtMs: expiresAtMs ?? null,
  });
  assert.equal(made.kind, "made");
  return { id: `tok_${count}` as TokenId, text: text.reveal() };
}

async function callerOf(authorization: string | undefined): Promise<Caller> {
  const identified = await identify(authorization);
  assert.equal(identified.kind, "caller");
  return (identified as Extract<Identified, { kind: "caller" }>).caller;
}

describe("identify", () => {
  test("takes who sends nothing for anonymous, by address", async () => {
    assert.deepEqual(await callerOf(undefined), { kind: "anonymous", address: ADDRESS });
  });

  for (const scheme of ["Bearer", "bearer", "token", "TOKEN"]) {
    test(`knows a personal token after ${scheme}`, async () => {
      const { id, text } = await makeToken({ scopes: ["a"] });
      const caller = { kind: "user", userId: ada, tokenId: id, scopes: ["a"] };
      assert.deepEqual(await callerOf(`${scheme} ${text}`), caller);
    });
  }

  const scopeCases: readonly (readonly [string, readonly string[] | undefined, readonly string[]])[] = [
    ["without scopes has those of its grant", undefined, ["a", "b"]],
    ["has of its scopes those of its grant", ["b", "c"], ["b"]],
    ["with no scopes has none", [], []],
  ];
  for (const [name, scopes, expected] of scopeCases) {
    test(`a grant's token ${name}`, async () => {
      const { id, text } = await makeToken({ app: appId, ...(scopes ? { scopes } : {}) });
      const caller = { kind: "grant", grantId, userId: ada, appId, tokenId: id, scopes: expected };
      assert.deepEqual(await callerOf(`Bearer ${text}`), caller);
    });
  }

  test("loses a scope with the grant, for tokens that are out already", async () => {
    const { text } = await makeToken({ app: appId, scopes: ["a"] });
    await storage.accounts.changeGrant(grantId, ["b"]);
    const caller = await callerOf(`Bearer ${text}`);
    assert.deepEqual("scopes" in caller && caller.scopes, []);
    await storage.accounts.changeGrant(grantId, ["a", "b"]);
  });

  test("knows a token until the instant at which it expires", async () => {
    const { text } = await makeToken({ expiresAtMs: NOW_MS + 1_000 });
    nowMs = NOW_MS + 999;
    assert.equal((await identify(`Bearer ${text}`)).kind, "caller");
    nowMs = NOW_MS + 1_000;
    assert.equal((await identify(`Bearer ${text}`)).kind, "bad-credentials");
    nowMs = NOW_MS;
  });

  test("knows an app by its client id and secret, and by nothing less", async () => {
    const as = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
    assert.deepEqual(await callerOf(as("client_1:secret")), { kind: "app", appId });
    const bad = [
      "client_1:secret2",
      "client_1:",
      "client_1",
      ":secret",
      "client_2:secret",
      "app_1:secret",
      ":",
      "",
    ];
    for (const text of bad) assert.equal((await identify(as(text))).kind, "bad-credentials", text);
    // The hash that stands in for that of an unknown client must let nobody in.
    assert.equal((await identify(as("client_2: "))).kind, "bad-credentials");
  });
});

describe("an Authorization header", () => {
  const basic = Buffer.from("client:se:cret").toString("base64");
  const cases: readonly (readonly [string, string, object])[] = [
    ["of any bearer token", "Bearer abc", { kind: "token", text: "abc" }],
    ["with several spaces", "Bearer   abc", { kind: "token", text: "abc" }],
    [
      "with a colon in the secret",
      `basic ${basic}`,
      { kind: "client", clientId: "client", secret: "se:cret" },
    ],
    ["without a scheme", "abc", { kind: "malformed" }],
    ["with two tokens", "Bearer a b", { kind: "malformed" }],
    ["of another scheme", "Digest abc", { kind: "malformed" }],
    ["that is empty", "", { kind: "malformed" }],
    ["longer than any token", `Bearer ${"a".repeat(1_025)}`, { kind: "malformed" }],
    ["that is no base64", "Basic %%%", { kind: "malformed" }],
    [
      "with a control character",
      `Basic ${Buffer.from("a\u0000:b").toString("base64")}`,
      { kind: "malformed" },
    ],
  ];
  for (const [name, header, expected] of cases) {
    test(name, () => assert.deepEqual(parseAuthorization(header), expected));
  }
});
