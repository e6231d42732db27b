import assert from "node:assert/strict";
import { test } from "node:test";
import { type HookId, parseSecret, type UserId } from "@trulinks/protocol";
import { makeAuthority } from "../../../../test/certificates.ts";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { Secret } from "../base/secret.ts";
import { HOOKS_PER_OWNER_MAX, type Hook, type HookOwner, SOUND } from "./hook.ts";
import type { HookRequest } from "./hooks.ts";

const URL_OF_RECEIVER = "https://receiver.example/hooks";

interface Stage extends World {
  readonly ofUser: HookOwner;
  readonly ofApp: HookOwner;
  wakes(): number;
}

async function createStage(): Promise<Stage> {
  let wakes = 0;
  const world = createWorld({ clock: systemClock, dice: systemDice, wake: () => wakes++ });
  const userId = await world.makeUser("alice");
  const appId = await world.makeApp();
  await world.grant(userId, appId);
  return { ...world, ofUser: { kind: "user", userId }, ofApp: { kind: "app", appId }, wakes: () => wakes };
}

async function make(
  { hooks }: World,
  request: Partial<HookRequest> & Pick<HookRequest, "owner">,
): Promise<{
  readonly hook: Hook;
  readonly secret: Secret;
}> {
  const created = await hooks.create({ url: URL_OF_RECEIVER, events: ["*"], ...request }, "operator");
  assert.ok(created.kind === "made", created.kind);
  return created;
}

test("what is left out has a default", async () => {
  const stage = await createStage();
  const { hook, secret } = await make(stage, { owner: stage.ofApp });
  const { id, createdAtMs, ...rest } = hook;
  assert.match(id, /^hok_/);
  assert.ok(createdAtMs > 0);
  assert.deepEqual(rest, {
    owner: stage.ofApp,
    url: URL_OF_RECEIVER,
    events: ["*"],
    secretPer: "user",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    filter: [],
    include: null,
    serial: false,
    state: "active",
    health: SOUND,
  });
  assert.equal(parseSecret(secret.reveal())?.length, 32);
  assert.deepEqual(await stage.storage.webhooks.findHook(id), hook);

  const perHook: readonly (readonly [string, Partial<HookRequest> & Pick<HookRequest, "owner">])[] = [
    ["a user's hook", { owner: stage.ofUser }],
    ["GitHub's signature", { owner: stage.ofApp, signature: "github" }],
    ["asked for", { owner: stage.ofApp, secretPer: "hook" }],
  ];
  for (const [why, request] of perHook)
    assert.equal((await make(stage, request)).hook.secretPer, "hook", why);
});

test("a flaw names the member, and what was expected", async () => {
  const stage = await createStage();
  const { ofApp, ofUser } = stage;
  const cases: readonly (readonly [string, Partial<HookRequest>, string, RegExp])[] = [
    [
      "an address that may not be reached",
      { url: "https://10.0.0.1/" },
      "url",
      /10\.0\.0\.1 is not a public/,
    ],
    ["plain http to a name", { url: "http://receiver.example/" }, "url", /https/],
    ["a secret of another form", { secret: new Secret("tellnobody") }, "secret", /whsec_/],
    ["a secret that is too short", { secret: new Secret("whsec_dGVsbG5vYm9keQ==") }, "secret", /24 to 64/],
    [
      "a GitHub secret beyond ASCII",
      { signature: "github", secret: new Secret("pärchen") },
      "secret",
      /ASCII/,
    ],
    ["an empty GitHub secret", { signature: "github", secret: new Secret("") }, "secret", /1 to 256/],
    ["GitHub has no secret per user", { signature: "github", secretPer: "user" }, "secret_per", /"hook"/],
    ["a user's hook needs none", { owner: ofUser, secretPer: "user" }, "secret_per", /"hook"/],
    ["no certificate", { ca: "hello" }, "ca", /PEM/],
    [
      "a damaged certificate",
      { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" },
      "ca",
      /PEM/,
    ],
    ["too many certificates", { ca: "x".repeat(70_000) }, "ca", /at most 65536/],
  ];
  for (const [why, request, member, message] of cases) {
    const created = await stage.hooks.create(
      { owner: ofApp, url: URL_OF_RECEIVER, events: ["*"], ...request },
      "operator",
    );
    assert.equal(created.kind, "flawed", why);
    if (created.kind !== "flawed") continue;
    assert.equal(created.member, member, why);
    assert.match(created.message, message, why);
    const secret = request.secret?.reveal() ?? "";
    assert.ok(secret === "" || !created.message.includes(secret), "a secret is never echoed");
  }
  const { cert } = await makeAuthority();
  assert.equal((await make(stage, { owner: ofApp, ca: `${cert}\n${cert}` })).hook.ca, `${cert}\n${cert}`);
});

test("a given secret is the hook's own, and lies sealed", async () => {
  const stage = await createStage();
  const given = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
  const { hook, secret } = await make(stage, { owner: stage.ofApp, secret: new Secret(given) });
  assert.equal(secret.reveal(), given);
  const [stored] = (await stage.storage.webhooks.findSecrets(hook.id, systemClock.now())) ?? [];
  assert.ok(stored !== undefined && !Buffer.from(stored.sealed).includes(given));
  const opened = stage.keyring.vault.open(stored.sealed, `hook:${hook.id}`);
  assert.equal(Buffer.from(opened).toString(), given);
});

test("an integrator's hook is pending and a ping is on its way", async () => {
  const stage = await createStage();
  const created = await stage.hooks.create(
    { owner: stage.ofUser, url: URL_OF_RECEIVER, events: ["issue.*"] },
    "integrator",
  );
  assert.equal(created.kind === "made" && created.hook.state, "pending");
  assert.equal(stage.wakes(), 1);
  const claims = await stage.storage.webhooks.claimDue({
    nowMs: systemClock.now(),
    countMax: 9,
    retriesMax: 10_000,
    hookMax: 10_000,
    exceptHooks: [],
  });
  assert.deepEqual(
    claims.map(({ event, sequence, user }) => [event.type, event.data, sequence, user]),
    [["ping", "{}", null, null]],
  );
});

test("an integrator cannot lift pending; an operator can", async () => {
  const stage = await createStage();
  const request = { owner: stage.ofUser, url: URL_OF_RECEIVER, events: ["*"] };
  const created = await stage.hooks.create(request, "integrator");
  assert.ok(created.kind === "made");
  const { id } = created.hook;
  for (const state of ["active", "paused"] as const) {
    const changed = await stage.hooks.change(id, { state }, "integrator");
    assert.equal(changed.kind === "flawed" && changed.member, "state", state);
  }
  const renamed = await stage.hooks.change(id, { events: ["issue.*"] }, "integrator");
  assert.equal(renamed.kind === "changed" && renamed.hook.state, "pending");
  const lifted = await stage.hooks.change(id, { state: "active" }, "operator");
  assert.equal(lifted.kind === "changed" && lifted.hook.state, "active");
  const paused = await stage.hooks.change(id, { state: "paused" }, "integrator");
  assert.equal(paused.kind === "changed" && paused.hook.state, "paused");
});

test("a change is judged as the making was", async () => {
  const stage = await createStage();
  const { hook } = await make(stage, { owner: stage.ofApp });
  const cases = [
    [{ url: "https://127.0.0.1.nip.example/", ca: null }, "changed"],
    [{ url: "https://[fe80::1]/" }, "flawed"],
    [{ ca: "no certificate" }, "flawed"],
    [{ ackDeadlineMs: 30_000, retries: "none" as const }, "changed"],
  ] as const;
  for (const [change, kind] of cases) {
    assert.equal((await stage.hooks.change(hook.id, change, "operator")).kind, kind, JSON.stringify(change));
  }
  const unknown = await stage.hooks.change("hok_none" as HookId, { events: ["*"] }, "operator");
  assert.equal(unknown.kind, "unknown-hook");
});

test("an owner has a bounded number of hooks", async () => {
  const stage = await createStage();
  for (let count = 0; count < HOOKS_PER_OWNER_MAX; count++) await make(stage, { owner: stage.ofUser });
  const request = { url: URL_OF_RECEIVER, events: ["*"] };
  assert.equal((await stage.hooks.create({ ...request, owner: stage.ofUser }, "operator")).kind, "too-many");
  assert.equal((await stage.hooks.create({ ...request, owner: stage.ofApp }, "operator")).kind, "made");
  const nobody: HookOwner = { kind: "user", userId: "nobody" as UserId };
  assert.equal((await stage.hooks.create({ ...request, owner: nobody }, "operator")).kind, "unknown-owner");
});

test("a rotated secret signs beside the old one for a day; GitHub's takes over at once", async () => {
  const stage = await createStage();
  for (const [signature, live] of [
    ["standard", 2],
    ["github", 1],
  ] as const) {
    const { hook, secret } = await make(stage, { owner: stage.ofUser, signature });
    const rotated = await stage.hooks.rotateSecret(hook.id);
    assert.ok(rotated !== null && rotated.reveal() !== secret.reveal());
    const secrets = await stage.storage.webhooks.findSecrets(hook.id, systemClock.now() + 1);
    assert.equal(secrets?.length, live, signature);
  }
  assert.equal(await stage.hooks.rotateSecret("hok_none" as HookId), null);
});

test("a user's secret is read and rotated alone", async () => {
  const stage = await createStage();
  const bob = await stage.makeUser("bob");
  if (stage.ofApp.kind === "app") await stage.grant(bob, stage.ofApp.appId);
  const { hook } = await make(stage, { owner: stage.ofApp });
  const alice = "alice" as UserId;
  const [first, ...none] = (await stage.hooks.readUserSecret(hook.id, alice)) ?? [];
  assert.equal(first?.version, 1);
  assert.equal(none.length, 0);

  const rotated = (await stage.hooks.rotateUserSecret(hook.id, alice)) ?? [];
  assert.deepEqual(
    rotated.map(({ version, untilMs }) => [version, untilMs === null]),
    [
      [2, true],
      [1, false],
    ],
  );
  assert.equal(rotated[1]?.secret.reveal(), first?.secret.reveal());
  const [ofBob] = (await stage.hooks.readUserSecret(hook.id, bob)) ?? [];
  assert.equal(ofBob?.version, 1);
  assert.notEqual(ofBob?.secret.reveal(), first?.secret.reveal());
});

test("nobody's secret is told where the hook does not sign with it", async () => {
  const stage = await createStage();
  const stranger = await stage.makeUser("stranger");
  const { hook: shared } = await make(stage, { owner: stage.ofApp, secretPer: "hook" });
  const { hook: own } = await make(stage, { owner: stage.ofUser });
  const { hook } = await make(stage, { owner: stage.ofApp });
  const cases: readonly (readonly [string, HookId, UserId])[] = [
    ["one secret for all", shared.id, "alice" as UserId],
    ["a user's hook", own.id, "alice" as UserId],
    ["a user without a grant", hook.id, stranger],
    ["no such user", hook.id, "nobody" as UserId],
    ["no such hook", "hok_none" as HookId, "alice" as UserId],
  ];
  for (const [why, hookId, userId] of cases) {
    assert.equal(await stage.hooks.readUserSecret(hookId, userId), null, why);
    assert.equal(await stage.hooks.rotateUserSecret(hookId, userId), null, why);
  }
});

test("a ping goes out whatever the hook's state, but not to one that is gone", async () => {
  const stage = await createStage();
  const { hook } = await make(stage, { owner: stage.ofUser });
  await stage.hooks.change(hook.id, { state: "paused" }, "operator");
  const before = stage.wakes();
  const pinged = await stage.hooks.ping(hook.id, "integrator");
  assert.match(pinged.kind === "pinged" ? pinged.eventId : "", /^evt_/);
  assert.equal(stage.wakes(), before + 1);
  assert.equal(await stage.hooks.remove(hook.id), true);
  assert.equal(await stage.hooks.remove(hook.id), false);
  assert.deepEqual(await stage.hooks.ping(hook.id, "integrator"), { kind: "unknown-hook" });
});

test("whatever changes a hook calls back what was leased for it as it was", async () => {
  let recalls = 0;
  const world = createWorld({ clock: systemClock, dice: systemDice, recall: () => recalls++ });
  const userId = await world.makeUser("alice");
  const appId = await world.makeApp();
  await world.grant(userId, appId);
  const { hook } = await make(world, { owner: { kind: "app", appId } });
  const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["paused", () => world.hooks.change(hook.id, { state: "paused" }, "operator")],
    ["another URL", () => world.hooks.change(hook.id, { url: `${URL_OF_RECEIVER}/new` }, "operator")],
    ["its secret rotated", () => world.hooks.rotateSecret(hook.id)],
    ["a user's secret rotated", () => world.hooks.rotateUserSecret(hook.id, userId)],
    ["deleted", () => world.hooks.remove(hook.id)],
  ];
  for (const [what, change] of changes) {
    const before = recalls;
    await change();
    assert.equal(recalls, before + 1, what);
  }
  assert.equal(await world.hooks.remove(hook.id), false);
  assert.equal(recalls, changes.length, "what changed nothing calls nothing back");
});
