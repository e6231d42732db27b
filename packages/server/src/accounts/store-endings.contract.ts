import assert from "node:assert/strict";
import {
  ANN,
  appNamed,
  BOB,
  deliveriesOf,
  deliverTo,
  GREETER,
  groupId,
  hashOf,
  ingestFor,
  makeGrant,
  makeHook,
  makePeople,
  makeToken,
  NO_APP,
  NOBODY,
  OTHER_APP,
  type Promised,
  START_MS,
  settleAccepted,
  statesOf,
  tokenRequest,
  userNamed,
} from "./store-fixtures.contract.ts";

const LATER_MS = START_MS + 3_600_000;
const FIRST_TEN = { after: null, countMax: 10 } as const;

export function endings(promised: Promised): void {
  grantEndings(promised);
  userEndings(promised);
  appEndings(promised);
}

function grantEndings(promised: Promised): void {
  promised(
    "revoking a grant ends its tokens and what waits for it, and nothing of others",
    async (storage) => {
      await makePeople(storage);
      const { accounts, webhooks } = storage;
      const grant = await makeGrant(storage, { id: "grn_ann", user: ANN, app: GREETER });
      await makeGrant(storage, { id: "grn_bob", user: BOB, app: GREETER });
      await makeHook(storage, "hok_greeter", { kind: "app", appId: GREETER });
      await makeHook(storage, "hok_ann", { kind: "user", userId: ANN });
      await makeToken(storage, tokenRequest("tok_1", 1, { appId: GREETER }));
      await makeToken(storage, tokenRequest("tok_2", 2, { appId: GREETER }));
      await makeToken(storage, tokenRequest("tok_3", 3));
      assert.equal(await deliveriesOf(storage, "evt_1", [ANN, BOB]), 3);
      assert.equal(await deliveriesOf(storage, "evt_2", [ANN]), 2);

      const ended = await accounts.revokeGrant(grant.id, START_MS + 1);
      assert.deepEqual(ended, { grants: 1, tokens: 2, hooks: 0, deliveries: 2 });
      assert.deepEqual(await statesOf(storage), [
        "ann revoked",
        "ann revoked",
        "ann waiting",
        "ann waiting",
        "bob waiting",
      ]);
      assert.ok(await accounts.findCredential(hashOf(3), START_MS + 1));
      assert.equal(await deliveriesOf(storage, "evt_3", [ANN]), 1);
      const claims = await webhooks.claimDue({
        nowMs: LATER_MS,
        countMax: 100,
        retriesMax: 10_000,
        hookMax: 10_000,
        exceptHooks: [],
      });
      assert.deepEqual(claims.map((claim) => claim.hook.id).sort(), [
        "hok_ann",
        "hok_ann",
        "hok_ann",
        "hok_greeter",
      ]);
    },
  );

  promised("what was delivered stays delivered when the grant ends", async (storage) => {
    await makePeople(storage);
    const grant = await makeGrant(storage, { id: "grn_ann", user: ANN, app: GREETER });
    await makeHook(storage, "hok_greeter", { kind: "app", appId: GREETER });
    await deliverTo(storage, "evt_1", ANN);
    const ended = await storage.accounts.revokeGrant(grant.id, START_MS + 2);
    assert.deepEqual(ended, { grants: 1, tokens: 0, hooks: 0, deliveries: 0 });
    assert.deepEqual(await statesOf(storage), ["ann delivered"]);
  });

  promised("what is on its way when the grant ends is revoked and cannot be settled", async (storage) => {
    await makePeople(storage);
    const grant = await makeGrant(storage, { id: "grn_ann", user: ANN, app: GREETER });
    await makeHook(storage, "hok_greeter", { kind: "app", appId: GREETER });
    const ingested = await ingestFor(storage, "evt_1", { users: [ANN], claimed: 1 });
    assert.ok(ingested.kind === "accepted" && ingested.claims[0]);
    assert.equal((await storage.accounts.revokeGrant(grant.id, START_MS + 1))?.deliveries, 1);
    assert.equal(await settleAccepted(storage, ingested.claims[0]), false);
    assert.deepEqual(await statesOf(storage), ["ann revoked"]);
  });

  promised("a new grant gets new events, and what the old one lost stays revoked", async (storage) => {
    await makePeople(storage);
    const old = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    await makeHook(storage, "hok_greeter", { kind: "app", appId: GREETER });
    assert.equal(await deliveriesOf(storage, "evt_1", [ANN]), 1);
    await storage.accounts.revokeGrant(old.id, START_MS + 1);
    assert.equal(await deliveriesOf(storage, "evt_2", [ANN]), 0);
    await makeGrant(storage, { id: "grn_2", user: ANN, app: GREETER });
    assert.equal(await deliveriesOf(storage, "evt_3", [ANN]), 1);
    assert.deepEqual(await statesOf(storage), ["ann revoked", "ann waiting"]);
  });

  promised("an event beside a revocation makes no delivery that outlives it", async (storage) => {
    await makePeople(storage);
    const grant = await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    await makeHook(storage, "hok_greeter", { kind: "app", appId: GREETER });
    const sendFour = (round: number): Promise<number>[] =>
      [1, 2, 3, 4].map((n) => deliveriesOf(storage, `evt_${round}_${n}`, [ANN]));
    await Promise.all([...sendFour(1), storage.accounts.revokeGrant(grant.id, START_MS + 1), ...sendFour(2)]);
    assert.ok((await statesOf(storage)).every((state) => state === "ann revoked"));
  });
}

function userEndings(promised: Promised): void {
  promised("deleting a user ends everything of that user in one step", async (storage) => {
    await makePeople(storage);
    const { accounts, webhooks } = storage;
    await makeGrant(storage, { id: "grn_ann", user: ANN, app: GREETER });
    await makeGrant(storage, { id: "grn_ann_other", user: ANN, app: OTHER_APP });
    await makeGrant(storage, { id: "grn_bob", user: BOB, app: GREETER });
    await makeHook(storage, "hok_greeter", { kind: "app", appId: GREETER });
    const own = await makeHook(storage, "hok_ann", { kind: "user", userId: ANN });
    await makeToken(storage, tokenRequest("tok_1", 1, { appId: GREETER }));
    await makeToken(storage, tokenRequest("tok_2", 2));
    await makeToken(storage, tokenRequest("tok_3", 3, { userId: BOB }));
    await accounts.addToGroup(groupId("repo:1"), ANN);
    await accounts.addToGroup(groupId("repo:1"), BOB);
    await accounts.addToGroup(groupId("repo:2"), ANN);
    assert.equal(await deliveriesOf(storage, "evt_1", [ANN, BOB]), 3);

    const ended = await accounts.deleteUser(ANN, START_MS + 1);
    assert.deepEqual(ended, { grants: 2, tokens: 2, hooks: 1, deliveries: 2 });
    assert.equal(await accounts.findUser(ANN), null);
    assert.equal(await webhooks.findHook(own.id), null);
    assert.equal(await accounts.findCredential(hashOf(1), START_MS + 1), null);
    assert.equal(await accounts.findCredential(hashOf(2), START_MS + 1), null);
    assert.ok(await accounts.findCredential(hashOf(3), START_MS + 1));
    const grants = await accounts.listGrants({}, FIRST_TEN);
    assert.deepEqual(
      grants.items.map((grant) => grant.id),
      ["grn_bob"],
    );
    assert.deepEqual((await accounts.listGroups(FIRST_TEN)).items, [{ id: "repo:1", usersCount: 1 }]);
    assert.deepEqual(await statesOf(storage), ["ann revoked", "ann revoked", "bob waiting"]);
  });

  promised("a deleted user is nobody: no event reaches, nothing is deleted again", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    await makeHook(storage, "hok_ann", { kind: "user", userId: ANN });
    assert.ok(await accounts.deleteUser(ANN, START_MS + 1));
    assert.equal((await ingestFor(storage, "evt_1", { users: [ANN] })).kind, "no-recipient");
    assert.equal(await accounts.deleteUser(ANN, START_MS + 2), null);
    assert.equal(await accounts.deleteUser(NOBODY, START_MS + 2), null);
  });

  promised("a user made again under the same id starts with nothing", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    await makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
    await makeHook(storage, "hok_greeter", { kind: "app", appId: GREETER });
    await makeHook(storage, "hok_ann", { kind: "user", userId: ANN });
    await accounts.deleteUser(ANN, START_MS + 1);
    assert.deepEqual(await accounts.createUser(userNamed(ANN)), userNamed(ANN));
    assert.deepEqual((await accounts.listGrants({ userId: ANN }, FIRST_TEN)).items, []);
    assert.equal(await deliveriesOf(storage, "evt_1", [ANN]), 0);
  });

  promised("an app outlives its owner, and then has none", async (storage) => {
    const { accounts } = storage;
    await accounts.createUser(userNamed(ANN));
    const app = appNamed(GREETER, ANN);
    await accounts.createApp(app, hashOf(9));
    await accounts.deleteUser(ANN, START_MS + 1);
    assert.deepEqual(await accounts.findApp(GREETER), { ...app, owner: null });
  });
}

function appEndings(promised: Promised): void {
  promised("deleting an app ends everything of that app in one step", async (storage) => {
    await makePeople(storage);
    const { accounts, webhooks } = storage;
    await makeGrant(storage, { id: "grn_ann", user: ANN, app: GREETER });
    await makeGrant(storage, { id: "grn_bob", user: BOB, app: GREETER });
    await makeGrant(storage, { id: "grn_other", user: ANN, app: OTHER_APP });
    const first = await makeHook(storage, "hok_1", { kind: "app", appId: GREETER });
    await makeHook(storage, "hok_2", { kind: "app", appId: GREETER });
    await makeHook(storage, "hok_other", { kind: "app", appId: OTHER_APP });
    await makeToken(storage, tokenRequest("tok_1", 1, { appId: GREETER }));
    await makeToken(storage, tokenRequest("tok_2", 2, { appId: OTHER_APP }));
    assert.equal(await deliveriesOf(storage, "evt_1", [ANN, BOB]), 5);

    const ended = await accounts.deleteApp(GREETER, START_MS + 1);
    assert.deepEqual(ended, { grants: 2, tokens: 1, hooks: 2, deliveries: 4 });
    assert.equal(await accounts.findApp(GREETER), null);
    assert.equal(await accounts.findAppByClientId(`client-${GREETER}`), null);
    assert.equal(await webhooks.findHook(first.id), null);
    assert.equal(await accounts.findCredential(hashOf(1), START_MS + 1), null);
    assert.ok(await accounts.findCredential(hashOf(2), START_MS + 1));
    assert.equal(await deliveriesOf(storage, "evt_2", [ANN, BOB]), 1);
    const states = await statesOf(storage);
    assert.equal(states.filter((state) => state.endsWith(" revoked")).length, 4);
    assert.equal(states.filter((state) => state.endsWith(" waiting")).length, 2);
  });

  promised("a deleted app is gone for good", async (storage) => {
    await makePeople(storage);
    const { accounts } = storage;
    assert.deepEqual(await accounts.deleteApp(GREETER, START_MS), {
      grants: 0,
      tokens: 0,
      hooks: 0,
      deliveries: 0,
    });
    assert.equal(await accounts.deleteApp(GREETER, START_MS), null);
    assert.equal(await accounts.deleteApp(NO_APP, START_MS), null);
    const request = tokenRequest("tok_1", 1, { appId: GREETER });
    assert.deepEqual(await accounts.createToken(request), { kind: "unknown-app" });
  });
}
