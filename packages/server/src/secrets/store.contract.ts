import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppId, HookId } from "@trulinks/protocol";
import { systemDice } from "../base/dice.ts";
import type { Storage } from "../storage/storage.ts";
import { type Hook, SOUND } from "../webhooks/hook.ts";
import { settingRow } from "./check.ts";
import { createVault, SealBroken, type Vault } from "./vault.ts";

export interface OpenedStorage {
  /** Empty, and of this test alone. */
  readonly storage: Storage;
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 10, 23, 8);
const DAY_MS = 86_400_000;

/** Every engine that keeps secrets keeps these promises. */
export function secretStoreContract(engine: string, open: () => Promise<OpenedStorage>): void {
  function promise(name: string, check: (storage: Storage) => Promise<void>): void {
    test(`${engine}: ${name}`, async () => {
      const { storage, close } = await open();
      try {
        await check(storage);
      } finally {
        await close();
      }
    });
  }

  promise("the first value under a name is kept, and later ones get it back", async ({ secrets }) => {
    assert.deepEqual(bytes(await secrets.keepFirst("a", Uint8Array.of(1, 0, 255))), [1, 0, 255]);
    assert.deepEqual(bytes(await secrets.keepFirst("a", Uint8Array.of(2))), [1, 0, 255]);
    assert.deepEqual(bytes(await secrets.keepFirst("b", Uint8Array.of(3))), [3]);
  });

  promise("of many that keep a name at once, all get the same value", async ({ secrets }) => {
    const kept = await Promise.all(
      Array.from({ length: 20 }, (_, index) => secrets.keepFirst("raced", Uint8Array.of(index))),
    );
    assert.equal(new Set(kept.map((value) => bytes(value).join())).size, 1);
  });

  promise("rekeying an empty store changes nothing and says so", async ({ secrets }) => {
    assert.equal(await secrets.rekey(newKey(), newKey()), 0);
  });

  promise(
    "after rekeying, everything sealed opens with the new key and nothing with the old",
    async (storage) => {
      const [oldKey, nextKey] = [newKey(), newKey()];
      const sealed = await sealEverything(storage, createVault(oldKey, systemDice));
      assert.equal(await storage.secrets.rekey(oldKey, nextKey), sealed.length);
      const [oldVault, nextVault] = [createVault(oldKey, systemDice), createVault(nextKey, systemDice)];
      for (const { row, plain, read } of sealed) {
        const kept = await read(storage);
        assert.deepEqual(bytes(nextVault.open(kept, row)), bytes(plain), row);
        assert.throws(() => oldVault.open(kept, row), SealBroken, row);
      }
    },
  );

  promise("rekeying with a wrong old key throws and changes nothing", async (storage) => {
    const key = newKey();
    const sealed = await sealEverything(storage, createVault(key, systemDice));
    await assert.rejects(storage.secrets.rekey(newKey(), newKey()));
    await assertAllOpen(storage, sealed, key);
  });

  promise("rekeying that meets one row it cannot open changes no row at all", async (storage) => {
    const key = newKey();
    const sealed = await sealEverything(storage, createVault(key, systemDice));
    const foreign = createVault(newKey(), systemDice).seal(Uint8Array.of(1), settingRow("foreign"));
    await storage.secrets.keepFirst("foreign", foreign);
    await assert.rejects(storage.secrets.rekey(key, newKey()));
    await assertAllOpen(storage, sealed, key);
    assert.deepEqual(bytes(await storage.secrets.keepFirst("foreign", Uint8Array.of(2))), bytes(foreign));
  });
}

interface SealedThing {
  readonly row: string;
  readonly plain: Uint8Array;
  read(storage: Storage): Promise<Uint8Array>;
}

/** One of each kind of thing that is ever sealed, and two secrets for a hook that is rotating. */
async function sealEverything(storage: Storage, vault: Vault): Promise<readonly SealedThing[]> {
  return [
    await sealSetting(storage, vault, "secret-key-check"),
    await sealSetting(storage, vault, "user-secret-master"),
    ...(await sealHookSecrets(storage, vault)),
    await sealAnswer(storage, vault),
  ];
}

async function sealSetting({ secrets }: Storage, vault: Vault, name: string): Promise<SealedThing> {
  const row = settingRow(name);
  const plain = systemDice.bytes(32);
  await secrets.keepFirst(name, vault.seal(plain, row));
  return { row, plain, read: (storage) => storage.secrets.keepFirst(name, Uint8Array.of(0)) };
}

async function sealHookSecrets(storage: Storage, vault: Vault): Promise<readonly SealedThing[]> {
  const appId = "app_contract" as AppId;
  const id = "hok_contract" as HookId;
  const app = { id: appId, name: "App", owner: null, contact: null, clientId: "client", createdAtMs: NOW_MS };
  assert.notEqual(await storage.accounts.createApp(app, systemDice.bytes(32)), "unknown-user");

  const row = `hook:${id}`;
  const [oldSecret, newSecret] = [systemDice.bytes(24), systemDice.bytes(24)];
  const made = await storage.webhooks.createHook(hookOf(id, appId), vault.seal(oldSecret, row), {
    ownedMax: 10,
    knock: null,
  });
  assert.equal(made.kind, "made");
  const when = { nowMs: NOW_MS + 1, oldUntilMs: NOW_MS + DAY_MS };
  assert(await storage.webhooks.rotateSecret(id, vault.seal(newSecret, row), when));

  const readNth =
    (index: number) =>
    async ({ webhooks }: Storage): Promise<Uint8Array> => {
      const kept = (await webhooks.findSecrets(id, NOW_MS + 2))?.[index];
      assert(kept, "the secret is still there");
      return kept.sealed;
    };
  return [
    { row, plain: newSecret, read: readNth(0) },
    { row, plain: oldSecret, read: readNth(1) },
  ];
}

async function sealAnswer(storage: Storage, vault: Vault): Promise<SealedThing> {
  const [scope, key] = ["operator POST /v1/apps", "key:with:colons"];
  const row = `idempotency:${scope}:${key}`;
  const plain = systemDice.bytes(200);
  const request = {
    scope,
    key,
    fingerprint: "f",
    nowMs: NOW_MS,
    heldUntilMs: NOW_MS + 60_000,
    expiresAtMs: NOW_MS + DAY_MS,
  };
  assert.equal((await storage.idempotency.begin(request)).kind, "begun");
  await storage.idempotency.finish(scope, key, vault.seal(plain, row));
  const read = async ({ idempotency }: Storage): Promise<Uint8Array> => {
    const begun = await idempotency.begin({ ...request, nowMs: NOW_MS + 2 });
    assert(begun.kind === "answered");
    return begun.answer;
  };
  return { row, plain, read };
}

async function assertAllOpen(
  storage: Storage,
  sealed: readonly SealedThing[],
  key: Uint8Array,
): Promise<void> {
  const vault = createVault(key, systemDice);
  for (const { row, plain, read } of sealed) {
    assert.deepEqual(bytes(vault.open(await read(storage), row)), bytes(plain), row);
  }
}

function newKey(): Uint8Array {
  return systemDice.bytes(32);
}

function bytes(value: Uint8Array): readonly number[] {
  return [...value];
}

function hookOf(id: HookId, appId: AppId): Hook {
  return {
    id,
    owner: { kind: "app", appId },
    url: "https://receiver.example/hook",
    events: ["*"],
    secretPer: "user",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    health: SOUND,
    createdAtMs: NOW_MS,
  };
}
