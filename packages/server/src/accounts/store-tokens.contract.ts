import assert from "node:assert/strict";
import { pagesOf } from "../base/pages-of.contract.ts";
import {
  ANN,
  BOB,
  GREETER,
  grantId,
  hashOf,
  makeGrant,
  makePeople,
  makeToken,
  NO_APP,
  NOBODY,
  OTHER_APP,
  type Promised,
  START_MS,
  tokenId,
  tokenRequest,
} from "./store-fixtures.contract.ts";

export function tokens(promised: Promised): void {
  promised("a personal token stands for its user, with the scopes it was given", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const token = await makeToken(storage, tokenRequest("tok_1", 1, { scopes: ["read"] }));
    assert.deepEqual(token, {
      id: "tok_1",
      userId: ANN,
      grantId: null,
      appId: null,
      scopes: ["read"],
      createdAtMs: START_MS,
      expiresAtMs: null,
    });
    assert.deepEqual(await accounts.findToken(token.id, START_MS), token);
    assert.deepEqual(await accounts.findCredential(hashOf(1), START_MS), { token, grant: null });
    assert.equal(await accounts.findCredential(hashOf(2), START_MS), null);
    assert.equal(await accounts.findToken(tokenId("tok_2"), START_MS), null);
  });

  promised("null and no scopes at all are not the same", async (storage) => {
    await makePeople(storage);
    assert.equal((await makeToken(storage, tokenRequest("tok_1", 1, { scopes: null }))).scopes, null);
    assert.deepEqual((await makeToken(storage, tokenRequest("tok_2", 2, { scopes: [] }))).scopes, []);
  });

  promised(
    "a token with an app belongs to the grant, and shows its scopes as they are now",
    async (storage) => {
      await makePeople(storage);
      const { accounts } = storage;
      const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER, scopes: ["read"] });
      const token = await makeToken(storage, tokenRequest("tok_1", 1, { appId: GREETER, scopes: ["write"] }));
      assert.equal(token.grantId, grant.id);
      assert.equal(token.appId, GREETER);
      assert.deepEqual(await accounts.findGrant(grant.id), grant);
      await accounts.changeGrant(grant.id, ["write"]);
      const credential = await accounts.findCredential(hashOf(1), START_MS);
      assert.deepEqual(credential, { token, grant: { ...grant, scopes: ["write"] } });
    },
  );

  for (const [scopes, granted] of [
    [["read"], ["read"]],
    [null, []],
  ] as const) {
    promised(
      `a token with scopes ${JSON.stringify(scopes)} makes the grant that is missing`,
      async (storage) => {
        await makePeople(storage);
        const { accounts } = storage;
        const request = tokenRequest("tok_1", 1, { appId: GREETER, scopes, newGrantId: grantId("grn_new") });
        const token = await makeToken(storage, request);
        assert.equal(token.grantId, "grn_new");
        assert.deepEqual(await accounts.findGrant(grantId("grn_new")), {
          id: "grn_new",
          userId: ANN,
          appId: GREETER,
          scopes: granted,
          createdAtMs: START_MS,
        });
      },
    );
  }

  promised("several tokens made at once for a pair share one grant", async (storage) => {
    await makePeople(storage);
    const made = await Promise.all(
      [1, 2, 3].map((n) => makeToken(storage, tokenRequest(`tok_${n}`, n, { appId: GREETER }))),
    );
    assert.equal(new Set(made.map((token) => token.grantId)).size, 1);
  });

  promised("an unknown user or app gets no token, and no grant", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const cases = [
      [{ userId: NOBODY }, "unknown-user"],
      [{ userId: NOBODY, appId: GREETER }, "unknown-user"],
      [{ appId: NO_APP }, "unknown-app"],
    ] as const;
    for (const [over, kind] of cases) {
      assert.deepEqual(await accounts.createToken(tokenRequest("tok_1", 1, over)), { kind });
    }
    assert.equal(await accounts.findToken(tokenId("tok_1"), START_MS), null);
    assert.deepEqual((await accounts.listGrants({}, { after: null, countMax: 10 })).items, []);
  });

  lives(promised);
  lists(promised);
}

function lives(promised: Promised): void {
  promised("a token is worth nothing from the moment it expires", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const endMs = START_MS + 1_000;
    const token = await makeToken(storage, tokenRequest("tok_1", 1, { expiresAtMs: endMs }));
    for (const [nowMs, isLive] of [
      [endMs - 1, true],
      [endMs, false],
      [endMs + 1, false],
    ] as const) {
      const page = await accounts.listTokens({ userId: ANN }, { after: null, countMax: 10 }, nowMs);
      assert.equal(
        (await accounts.findCredential(hashOf(1), nowMs)) !== null,
        isLive,
        `credential at ${nowMs}`,
      );
      assert.equal((await accounts.findToken(token.id, nowMs)) !== null, isLive, `token at ${nowMs}`);
      assert.equal(page.items.length, isLive ? 1 : 0, `list at ${nowMs}`);
    }
  });

  promised("a revoked token is worth nothing, and others stay", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const token = await makeToken(storage, tokenRequest("tok_1", 1));
    await makeToken(storage, tokenRequest("tok_2", 2));
    assert.equal(await accounts.revokeToken(token.id), true);
    assert.equal(await accounts.revokeToken(token.id), false);
    assert.equal(await accounts.findCredential(hashOf(1), START_MS), null);
    assert.equal(await accounts.findToken(token.id, START_MS), null);
    assert.ok(await accounts.findCredential(hashOf(2), START_MS));
  });

  promised("a grant's tokens end with it, and a new grant does not revive them", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    const token = await makeToken(storage, tokenRequest("tok_1", 1, { appId: GREETER }));
    await accounts.revokeGrant(grant.id, START_MS + 1);
    await makeGrant(storage, { id: "grn_2", user: ANN, app: GREETER });
    assert.equal(await accounts.findCredential(hashOf(1), START_MS + 2), null);
    assert.equal(await accounts.findToken(token.id, START_MS + 2), null);
    const page = await accounts.listTokens({ userId: ANN }, { after: null, countMax: 10 }, START_MS + 2);
    assert.deepEqual(page.items, []);
  });

  promised("no token survives a revocation that runs beside its making", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    const [made] = await Promise.all([
      makeToken(storage, tokenRequest("tok_1", 1, { appId: GREETER })),
      accounts.revokeGrant(grant.id, START_MS + 1),
    ]);
    const credential = await accounts.findCredential(hashOf(1), START_MS + 2);
    // Either the token came first and ended with the grant, or it came second and made a grant of its own.
    assert.equal(credential === null, made.grantId === grant.id);
  });
}

function lists(promised: Promised): void {
  promised("tokens are listed by id, of one user, one grant, or all", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    await makeGrant(storage, { id: "grn_2", user: ANN, app: OTHER_APP });
    await makeToken(storage, tokenRequest("tok_4", 4));
    await makeToken(storage, tokenRequest("tok_3", 3, { appId: GREETER }));
    await makeToken(storage, tokenRequest("tok_2", 2, { appId: OTHER_APP }));
    await makeToken(storage, tokenRequest("tok_1", 1, { userId: BOB }));
    const cases = [
      [{}, ["tok_1", "tok_2", "tok_3", "tok_4"]],
      [{ userId: ANN }, ["tok_2", "tok_3", "tok_4"]],
      [{ userId: BOB }, ["tok_1"]],
      [{ grantId: grant.id }, ["tok_3"]],
      [{ userId: BOB, grantId: grant.id }, []],
    ] as const;
    for (const [filter, expected] of cases) {
      const pages = await pagesOf(2, (page) => accounts.listTokens(filter, page, START_MS));
      const ids = pages.flat().map((token) => token.id);
      assert.deepEqual(ids, expected, JSON.stringify(filter));
    }
  });
}
