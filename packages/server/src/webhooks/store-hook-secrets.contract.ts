import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { SealedSecret } from "./claim.ts";
import {
  ANN,
  BOB,
  claimAll,
  eventOf,
  GREETER,
  grant,
  hookId,
  hookOf,
  ingestClaimed,
  makeHook,
  NOBODY,
  OF_ANN,
  OF_GREETER,
  type Promised,
  START_MS,
  sealedOf,
} from "./store-fixtures.contract.ts";

const HOK = hookId("hok");
const NONE = hookId("hok_none");
const OVERLAP_MS = 1_000;

const shown = (secrets: readonly SealedSecret[] | null): unknown =>
  secrets?.map(({ sealed, untilMs }) => [Buffer.from(sealed).toString(), untilMs]) ?? null;

const rotation = (nowMs: number) => ({ nowMs, oldUntilMs: nowMs + OVERLAP_MS });

export function hookSecrets(promised: Promised): void {
  promised("a hook has the secret that it was made with", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    assert.deepEqual(shown(await storage.webhooks.findSecrets(HOK, START_MS)), [["sealed hok", null]]);
    assert.equal(await storage.webhooks.findSecrets(NONE, START_MS), null);
  });

  promised("after a rotation both live, newest first, and the old one ends at its time", async (storage) => {
    const { webhooks } = storage;
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("other", OF_ANN));
    assert.equal(await webhooks.rotateSecret(HOK, sealedOf("2"), rotation(START_MS)), true);
    const both = [
      ["sealed 2", null],
      ["sealed hok", START_MS + OVERLAP_MS],
    ];
    assert.deepEqual(shown(await webhooks.findSecrets(HOK, START_MS + OVERLAP_MS - 1)), both);
    assert.deepEqual(shown(await webhooks.findSecrets(HOK, START_MS + OVERLAP_MS)), [["sealed 2", null]]);
    assert.deepEqual(shown(await webhooks.findSecrets(hookId("other"), START_MS)), [["sealed other", null]]);
    assert.equal(await webhooks.rotateSecret(NONE, sealedOf("2"), rotation(START_MS)), false);
  });

  promised("rotations within the overlap leave every secret its time", async (storage) => {
    const { webhooks } = storage;
    await makeHook(storage, hookOf("hok", OF_ANN));
    await webhooks.rotateSecret(HOK, sealedOf("2"), rotation(START_MS));
    await webhooks.rotateSecret(HOK, sealedOf("3"), rotation(START_MS + 400));
    assert.deepEqual(shown(await webhooks.findSecrets(HOK, START_MS + 400)), [
      ["sealed 3", null],
      ["sealed 2", START_MS + 1_400],
      ["sealed hok", START_MS + 1_000],
    ]);
    await webhooks.rotateSecret(HOK, sealedOf("4"), rotation(START_MS + 9_000));
    assert.deepEqual(shown(await webhooks.findSecrets(HOK, START_MS + 9_000)), [
      ["sealed 4", null],
      ["sealed 3", START_MS + 10_000],
    ]);
  });

  promised("a claim brings the secrets that live when it is made", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_GREETER));
    await grant(storage, ANN, GREETER);
    await storage.webhooks.rotateSecret(HOK, sealedOf("2"), rotation(START_MS));
    await storage.webhooks.rotateUserSecret(HOK, ANN, rotation(START_MS));
    const claim = await ingestClaimed(storage, eventOf("evt_1"), START_MS + 1);
    assert.deepEqual(shown(claim.secrets), [
      ["sealed 2", null],
      ["sealed hok", START_MS + OVERLAP_MS],
    ]);
    assert.deepEqual(claim.user, {
      id: ANN,
      versions: [
        { version: 2, untilMs: null },
        { version: 1, untilMs: START_MS + OVERLAP_MS },
      ],
    });
    const [again] = await claimAll(storage, claim.leaseUntilMs);
    assert.deepEqual(shown(again?.secrets ?? null), [["sealed 2", null]]);
    assert.deepEqual(again?.user?.versions, [{ version: 2, untilMs: null }]);
  });

  ofUsers(promised);
}

async function makeServed(storage: Storage): Promise<void> {
  await makeHook(storage, hookOf("hok", OF_GREETER));
  await makeHook(storage, hookOf("own", OF_ANN));
  await grant(storage, ANN, GREETER);
}

const FIRST = [{ version: 1, untilMs: null }];

function ofUsers(promised: Promised): void {
  promised("a user's secret has version 1 until it is rotated, each user's for itself", async (storage) => {
    await makeServed(storage);
    await grant(storage, BOB, GREETER);
    const { webhooks } = storage;
    assert.deepEqual(await webhooks.findUserSecret(HOK, ANN, START_MS), FIRST);
    const both = [
      { version: 2, untilMs: null },
      { version: 1, untilMs: START_MS + OVERLAP_MS },
    ];
    assert.deepEqual(await webhooks.rotateUserSecret(HOK, ANN, rotation(START_MS)), both);
    assert.deepEqual(await webhooks.findUserSecret(HOK, ANN, START_MS + OVERLAP_MS - 1), both);
    assert.deepEqual(await webhooks.findUserSecret(HOK, ANN, START_MS + OVERLAP_MS), [both[0]]);
    assert.deepEqual(await webhooks.findUserSecret(HOK, BOB, START_MS), FIRST);
    assert.deepEqual(await webhooks.rotateUserSecret(HOK, ANN, rotation(START_MS + 400)), [
      { version: 3, untilMs: null },
      { version: 2, untilMs: START_MS + 1_400 },
      { version: 1, untilMs: START_MS + 1_000 },
    ]);
    assert.deepEqual(await webhooks.rotateUserSecret(HOK, ANN, rotation(START_MS + 9_000)), [
      { version: 4, untilMs: null },
      { version: 3, untilMs: START_MS + 10_000 },
    ]);
  });

  promised("there is none without a live grant, for a hook of a user, or for no hook", async (storage) => {
    await makeServed(storage);
    const cases = [
      [HOK, BOB],
      [HOK, NOBODY],
      [hookId("own"), ANN],
      [NONE, ANN],
    ] as const;
    for (const [hook, user] of cases) {
      assert.equal(await storage.webhooks.findUserSecret(hook, user, START_MS), null, `${hook} ${user}`);
      assert.equal(await storage.webhooks.rotateUserSecret(hook, user, rotation(START_MS)), null);
    }
    const granted = await grant(storage, ANN, GREETER);
    await storage.accounts.revokeGrant(granted, START_MS);
    assert.equal(await storage.webhooks.findUserSecret(HOK, ANN, START_MS), null);
    assert.equal(await storage.webhooks.rotateUserSecret(HOK, ANN, rotation(START_MS)), null);
  });

  promised(
    "a version that was given up never signs again, also for a user who comes back",
    async (storage) => {
      await makeServed(storage);
      const { accounts, webhooks } = storage;
      await webhooks.rotateUserSecret(HOK, ANN, rotation(START_MS));
      await accounts.revokeGrant(await grant(storage, ANN, GREETER), START_MS);
      await grant(storage, ANN, GREETER);
      const second = [{ version: 2, untilMs: null }];
      assert.deepEqual(await webhooks.findUserSecret(HOK, ANN, START_MS + OVERLAP_MS), second);
      await accounts.deleteUser(ANN, START_MS);
      await accounts.createUser({ id: ANN, name: null, email: null, createdAtMs: START_MS });
      await grant(storage, ANN, GREETER);
      assert.deepEqual(await webhooks.findUserSecret(HOK, ANN, START_MS + OVERLAP_MS), second);
    },
  );
}
