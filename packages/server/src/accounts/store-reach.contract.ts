/** A group reaches its members whatever came first, the membership or what they are reached through. */
import assert from "node:assert/strict";
import type { EventId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import {
  ANN,
  BOB,
  GREETER,
  groupId,
  ingestFor,
  makeGrant,
  makeHook,
  makePeople,
  makeToken,
  OTHER_APP,
  type Promised,
  START_MS,
  tokenRequest,
  userNamed,
} from "./store-fixtures.contract.ts";

const REPO = groupId("repo:1");

let eventsCount = 0;

/** How many deliveries an event for the group makes; null: nobody is known. */
async function reached(storage: Storage): Promise<number | null> {
  eventsCount += 1;
  const ingested = await ingestFor(storage, `evt_${eventsCount}` as EventId, { users: [], groups: [REPO] });
  return ingested.kind === "accepted" ? ingested.receipt.deliveries : null;
}

type Step = (storage: Storage) => Promise<unknown>;

const joinAnn: Step = ({ accounts }) => accounts.addToGroup(REPO, ANN);
const joinBob: Step = ({ accounts }) => accounts.addToGroup(REPO, BOB);
const leave: Step = ({ accounts }) => accounts.removeFromGroup(REPO, ANN);
const makeOwn: Step = (storage) => makeHook(storage, "hok_own", { kind: "user", userId: ANN });
const makeApps: Step = (storage) => makeHook(storage, "hok_app", { kind: "app", appId: GREETER });
const dropOwn: Step = ({ webhooks }) => webhooks.deleteHook("hok_own" as never, START_MS);
const grantApp: Step = (storage) => makeGrant(storage, { id: "grn_1", user: ANN, app: GREETER });
const grantOther: Step = (storage) => makeGrant(storage, { id: "grn_2", user: ANN, app: OTHER_APP });
const grantByToken: Step = (storage) => makeToken(storage, tokenRequest("tok_1", 1, { appId: GREETER }));
const revoke: Step = ({ accounts }) => accounts.revokeGrant("grn_1" as never, START_MS);
const dropApp: Step = ({ accounts }) => accounts.deleteApp(GREETER, START_MS);
const dropOther: Step = ({ accounts }) => accounts.deleteApp(OTHER_APP, START_MS);
const dropAnn: Step = ({ accounts }) => accounts.deleteUser(ANN, START_MS);
const makeAnn: Step = ({ accounts }) => accounts.createUser(userNamed(ANN));

const STORIES: readonly (readonly [string, readonly Step[], number | null])[] = [
  ["a group of nobody is not known", [], null],
  ["members who are reached through nothing are known all the same", [joinAnn, joinBob, makeApps], 0],
  ["a hook of one's own, made before joining", [makeOwn, joinAnn], 1],
  ["a hook of one's own, made after joining", [joinAnn, makeOwn], 1],
  ["a grant made before joining", [makeApps, grantApp, joinAnn], 1],
  ["a grant made after joining", [makeApps, joinAnn, grantApp], 1],
  ["a grant that a token made", [makeApps, joinAnn, grantByToken], 1],
  ["an app's hook that is made last", [joinAnn, grantApp, makeApps], 1],
  ["all of them at once", [joinAnn, joinBob, makeOwn, makeApps, grantApp, grantOther], 2],
  ["a deleted hook leaves what a grant reaches", [joinAnn, makeOwn, makeApps, grantApp, dropOwn], 1],
  ["a revoked grant leaves what one's own hook gets", [joinAnn, makeOwn, makeApps, grantApp, revoke], 1],
  [
    "a deleted app leaves what another's grant reaches",
    [joinAnn, makeApps, grantApp, grantOther, dropOther],
    1,
  ],
  [
    "nothing is left when grant and hook are gone",
    [joinAnn, makeOwn, makeApps, grantApp, revoke, dropOwn],
    0,
  ],
  ["nothing is left when the app is gone", [joinAnn, makeApps, grantApp, dropApp], 0],
  [
    "a grant after everything was gone",
    [joinAnn, makeApps, makeOwn, dropOwn, grantApp, revoke, grantByToken],
    1,
  ],
  ["who has left is not reached", [joinAnn, joinBob, makeOwn, leave], 0],
  ["who comes back is", [joinAnn, joinBob, makeOwn, leave, joinAnn], 1],
  ["a user made anew is in no group and has nothing", [joinAnn, joinBob, makeOwn, dropAnn, makeAnn], 0],
];

export function reach(promised: Promised): void {
  for (const [title, steps, expected] of STORIES) {
    promised(`an event for a group: ${title}`, async (storage) => {
      await makePeople(storage);
      for (const step of steps) await step(storage);
      assert.equal(await reached(storage), expected);
    });
  }

  promised("an event for a group: joining beside a grant or a hook loses neither", async (storage) => {
    await makePeople(storage);
    await makeApps(storage);
    for (let round = 0; round < 5; round++) {
      await Promise.all([joinAnn(storage), grantApp(storage)]);
      assert.equal(await reached(storage), 1, `round ${round}`);
      await Promise.all([revoke(storage), makeOwn(storage)]);
      assert.equal(await reached(storage), 1, `round ${round}`);
      await Promise.all([dropOwn(storage), leave(storage)]);
      assert.equal(await reached(storage), null, `round ${round}`);
    }
  });
}
