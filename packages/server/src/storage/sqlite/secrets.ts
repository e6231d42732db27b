import { strict as assert } from "node:assert";
import type { SecretStore } from "../../secrets/store.ts";
import { createVault, type Vault } from "../../secrets/vault.ts";
import type { Database } from "./database.ts";
import type { Ground } from "./memory.ts";
import type { Sync } from "./verbs.ts";

export function createSecrets({ database, memory, dice }: Ground): Sync<SecretStore> {
  return {
    keepFirst(name, value) {
      database.run("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value);
      const kept = database.get<{ value: Uint8Array }>("SELECT value FROM settings WHERE name = ?", name);
      assert(kept !== undefined);
      return kept.value;
    },

    rekey(oldKey, newKey) {
      memory.hooks.clear();
      const reseal = resealer(createVault(oldKey, dice), createVault(newKey, dice));
      return rekeySettings(database, reseal) + rekeyHooks(database, reseal) + rekeyAnswers(database, reseal);
    },
  };
}

type Reseal = (sealed: Uint8Array, row: string) => Uint8Array;

function resealer(oldVault: Vault, newVault: Vault): Reseal {
  return (sealed, row) => newVault.seal(oldVault.open(sealed, row), row);
}

function rekeySettings(database: Database, reseal: Reseal): number {
  const rows = database.all<{ name: string; value: Uint8Array }>("SELECT name, value FROM settings");
  for (const { name, value } of rows) {
    database.run("UPDATE settings SET value = ? WHERE name = ?", reseal(value, `setting:${name}`), name);
  }
  return rows.length;
}

function rekeyHooks(database: Database, reseal: Reseal): number {
  const rows = database.all<{ hook_id: string; version: number; sealed: Uint8Array }>(
    "SELECT hook_id, version, sealed FROM hook_secrets",
  );
  for (const { hook_id, version, sealed } of rows) {
    const resealed = reseal(sealed, `hook:${hook_id}`);
    database.run(
      "UPDATE hook_secrets SET sealed = ? WHERE hook_id = ? AND version = ?",
      resealed,
      hook_id,
      version,
    );
  }
  return rows.length;
}

// Answers are up to 64 KiB each: one at a time is in memory.
function rekeyAnswers(database: Database, reseal: Reseal): number {
  const rows = database.all<{ scope: string; key: string }>(
    "SELECT scope, key FROM idempotency WHERE answer IS NOT NULL",
  );
  for (const { scope, key } of rows) {
    const row = database.get<{ answer: Uint8Array }>(
      "SELECT answer FROM idempotency WHERE scope = ? AND key = ?",
      scope,
      key,
    );
    assert(row !== undefined);
    const resealed = reseal(row.answer, `idempotency:${scope}:${key}`);
    database.run("UPDATE idempotency SET answer = ? WHERE scope = ? AND key = ?", resealed, scope, key);
  }
  return rows.length;
}
