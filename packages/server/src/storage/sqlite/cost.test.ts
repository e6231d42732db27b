/** An app's hook may serve 100 000 users: what touches one of them, or the hook, costs the same as with ten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppId, EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import { type Hook, SOUND } from "../../webhooks/hook.ts";
import { openRecorder } from "./recorder.contract.ts";
import type { Verbs } from "./verbs.ts";

const APP = "app_1" as AppId;
const HOOK: Hook = {
  ...{ id: "hok_1" as HookId, owner: { kind: "app", appId: APP }, url: "https://a.example/", events: ["*"] },
  ...{ secretPer: "user", signature: "standard", verifyTls: true, ca: null, ackDeadlineMs: 10_000 },
  ...{
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    health: SOUND,
    createdAtMs: 1,
  },
};
const EVENT = {
  ...{ id: "evt_1" as EventId, receiptKeys: [], fingerprint: "f", type: "issue.opened", action: "opened" },
  ...{
    data: "{}",
    userIds: ["u5" as UserId],
    groupIds: [],
    key: null,
    expiresAtMs: null,
    sensitive: [],
    scopes: null,
    fieldScopes: [],
    trace: null,
    atMs: 1,
  },
};

const ACTS: Readonly<Record<string, (verbs: Verbs) => unknown>> = {
  "making the hook": ({ webhooks }) =>
    webhooks.createHook(HOOK, new Uint8Array(9), { ownedMax: 9, knock: null }),
  "changing its URL": ({ webhooks }) =>
    webhooks.changeHook(HOOK.id, { url: "https://b.example/" }, { nowMs: 1, knock: null }),
  "an event for one user": ({ webhooks }) =>
    webhooks.ingest([EVENT], { nowMs: 1, countMax: 1, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] }),
  "rotating one user's secret": ({ webhooks }) =>
    webhooks.rotateUserSecret(HOOK.id, "u5" as UserId, { nowMs: 1, oldUntilMs: 2 }),
  "revoking one grant": ({ accounts }) => accounts.revokeGrant("g5" as GrantId, 1),
  "deleting the hook": ({ webhooks }) => webhooks.deleteHook(HOOK.id, 1),
};

/** The statements that each act runs, and the rows that it writes. */
function costsWith(grantsCount: number): Readonly<Record<string, readonly [number, number]>> {
  const { database, verbs, takeTexts } = openRecorder();
  const app = { id: APP, name: "a", owner: null, contact: null, clientId: "c", createdAtMs: 1 };
  verbs.accounts.createApp(app, new Uint8Array(32));
  for (let n = 0; n < grantsCount; n++) {
    const userId = `u${n}` as UserId;
    verbs.accounts.createUser({ id: userId, name: null, email: null, createdAtMs: 1 });
    verbs.accounts.grant({ id: `g${n}` as GrantId, userId, appId: APP, scopes: [], nowMs: 1 });
  }
  const changes = (): number =>
    database.get<{ readonly n: number }>("SELECT total_changes() AS n")?.n ?? Number.NaN;
  const costs: [string, readonly [number, number]][] = [];
  for (const [name, act] of Object.entries(ACTS)) {
    const before = changes();
    takeTexts();
    assert.ok(act(verbs), name);
    costs.push([name, [takeTexts().length, changes() - before]]);
  }
  database.close();
  return Object.fromEntries(costs);
}

test("acts run the same statements and write the same rows whatever the hook serves", () => {
  const few = costsWith(10);
  assert.deepEqual(costsWith(3_000), few);
  assert.ok(Object.values(few).every(([statements, rows]) => statements > 0 && rows > 0));
  assert.equal(few["changing its URL"]?.[1], 1);
  // The delivery is taken into the indexes first, and how far they reach is written down.
  assert.equal(few["revoking one grant"]?.[1], 4, "the grant, and the one delivery that waited");
});
