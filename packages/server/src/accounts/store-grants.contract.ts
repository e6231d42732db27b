import assert from "node:assert/strict";
import { pagesOf } from "../base/pages-of.contract.ts";
import type { GrantRequest } from "./store.ts";
import {
  ANN,
  BOB,
  GREETER,
  grantId,
  makeGrant,
  makePeople,
  NO_APP,
  NOBODY,
  OTHER_APP,
  type Promised,
  START_MS,
  userId,
  userNamed,
} from "./store-fixtures.contract.ts";

const request = (id: string, over: Partial<GrantRequest> = {}): GrantRequest => ({
  id: grantId(id),
  userId: ANN,
  appId: GREETER,
  scopes: null,
  nowMs: START_MS,
  ...over,
});

export function grants(promised: Promised): void {
  promised("a new grant has the scopes given, or none", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const first = {
      id: grantId("grn_1"),
      userId: ANN,
      appId: GREETER,
      scopes: ["issues:write", "issues:read"],
      createdAtMs: START_MS,
    };
    assert.deepEqual(await accounts.grant(request("grn_1", { scopes: first.scopes })), {
      kind: "made",
      grant: first,
    });
    assert.deepEqual(await accounts.findGrant(first.id), first);
    const bare = await accounts.grant(request("grn_2", { userId: BOB }));
    assert.ok(bare.kind === "made");
    assert.deepEqual(bare.grant.scopes, []);
    assert.equal(await accounts.findGrant(grantId("grn_3")), null);
  });

  promised(
    "the same pair again is the same grant: scopes are kept, or replaced if some are given",
    async (storage) => {
      await makePeople(storage);
      const { accounts } = storage;
      const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER, scopes: ["read"] });
      const later = { nowMs: START_MS + 9 };
      assert.deepEqual(await accounts.grant(request("grn_2", later)), { kind: "same", grant });
      const wider = { ...grant, scopes: ["read", "write"] };
      assert.deepEqual(await accounts.grant(request("grn_3", { ...later, scopes: wider.scopes })), {
        kind: "same",
        grant: wider,
      });
      assert.deepEqual(await accounts.grant(request("grn_4", { scopes: [] })), {
        kind: "same",
        grant: { ...grant, scopes: [] },
      });
      assert.equal(await accounts.findGrant(grantId("grn_2")), null);
    },
  );

  promised("another user or another app is another grant", async (storage) => {
    await makePeople(storage);
    await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    await makeGrant(storage, { id: "grn_2", user: BOB, app: GREETER });
    await makeGrant(storage, { id: "grn_3", user: ANN, app: OTHER_APP });
  });

  promised("an unknown user or app gets no grant", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    assert.deepEqual(await accounts.grant(request("grn_1", { userId: NOBODY })), { kind: "unknown-user" });
    assert.deepEqual(await accounts.grant(request("grn_1", { appId: NO_APP })), { kind: "unknown-app" });
    assert.equal(await accounts.findGrant(grantId("grn_1")), null);
  });

  promised("several who grant the same pair at once get one grant", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const granted = await Promise.all([1, 2, 3, 4].map((n) => accounts.grant(request(`grn_${n}`))));
    assert.deepEqual(granted.map((one) => one.kind).sort(), ["made", "same", "same", "same"]);
    assert.equal(new Set(granted.map((one) => ("grant" in one ? one.grant.id : null))).size, 1);
    const listed = await accounts.listGrants({}, { after: null, countMax: 10 });
    assert.equal(listed.items.length, 1);
  });

  promised("scopes are changed on a live grant only", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER, scopes: ["read"] });
    const changed = { ...grant, scopes: ["write"] };
    assert.deepEqual(await accounts.changeGrant(grant.id, ["write"]), changed);
    assert.deepEqual(await accounts.findGrant(grant.id), changed);
    await accounts.revokeGrant(grant.id, START_MS + 1);
    assert.equal(await accounts.changeGrant(grant.id, ["read"]), null);
    assert.equal(await accounts.changeGrant(grantId("grn_none"), ["read"]), null);
  });

  revocations(promised);
  lists(promised);
}

function revocations(promised: Promised): void {
  promised("a revoked grant is not found, and not revoked again", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    const ended = { grants: 1, tokens: 0, hooks: 0, deliveries: 0 };
    assert.deepEqual(await accounts.revokeGrant(grant.id, START_MS + 1), ended);
    assert.equal(await accounts.findGrant(grant.id), null);
    assert.equal(await accounts.revokeGrant(grant.id, START_MS + 2), null);
    assert.equal(await accounts.revokeGrant(grantId("grn_none"), START_MS), null);
    assert.deepEqual(await accounts.listGrants({ userId: ANN }, { after: null, countMax: 10 }), {
      items: [],
      next: null,
    });
  });

  promised("a grant after a revocation is a new one", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const old = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER, scopes: ["read"] });
    await accounts.revokeGrant(old.id, START_MS + 1);
    const again = await accounts.grant(request("grn_2", { nowMs: START_MS + 2 }));
    assert.deepEqual(again, {
      kind: "made",
      grant: { ...old, id: grantId("grn_2"), scopes: [], createdAtMs: START_MS + 2 },
    });
    assert.equal(await accounts.findGrant(old.id), null);
  });

  promised("of several who revoke a grant at once, one does", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    const ended = await Promise.all([1, 2, 3].map((n) => accounts.revokeGrant(grant.id, START_MS + n)));
    assert.equal(ended.filter((one) => one !== null).length, 1);
  });
}

function lists(promised: Promised): void {
  promised("grants are listed by id, of one user, one app, both, or all", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    await makeGrant(storage, { id: "grn_3", user: ANN, app: GREETER });
    await makeGrant(storage, { id: "grn_1", user: BOB, app: GREETER });
    await makeGrant(storage, { id: "grn_2", user: ANN, app: OTHER_APP });
    const cases = [
      [{}, ["grn_1", "grn_2", "grn_3"]],
      [{ userId: ANN }, ["grn_2", "grn_3"]],
      [{ appId: GREETER }, ["grn_1", "grn_3"]],
      [{ userId: ANN, appId: GREETER }, ["grn_3"]],
      [{ userId: NOBODY }, []],
    ] as const;
    for (const [filter, expected] of cases) {
      const page = await accounts.listGrants(filter, { after: null, countMax: 10 });
      assert.deepEqual(
        page.items.map((grant) => grant.id),
        expected,
        JSON.stringify(filter),
      );
    }
  });

  promised(
    "an app's grants are listed page by page, revoked ones left out of the count, too",
    async (storage) => {
      await makePeople(storage);
      const { accounts } = storage;
      for (let n = 10; n < 17; n++) {
        await accounts.createUser(userNamed(userId(`u${n}`)));
        await makeGrant(storage, { id: `grn_${n}`, user: userId(`u${n}`), app: GREETER });
      }
      await accounts.revokeGrant(grantId("grn_12"), START_MS + 1);
      const pages = await pagesOf(3, (page) => accounts.listGrants({ appId: GREETER }, page));
      assert.deepEqual(
        pages.map((page) => page.map((grant) => grant.id)),
        [
          ["grn_10", "grn_11", "grn_13"],
          ["grn_14", "grn_15", "grn_16"],
        ],
      );
    },
  );
}
