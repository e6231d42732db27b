import { strict as assert } from "node:assert";
import type { Dice } from "../../base/dice.ts";
import type { SecretStore } from "../../secrets/store.ts";
import { createVault } from "../../secrets/vault.ts";
import type { Database, Queries, Transaction } from "./database.ts";

export function createSecrets(database: Database, dice: Pick<Dice, "bytes">): SecretStore {
  return {
    keepFirst(name, value) {
      return database.transact(async (transaction) => {
        await transaction.run(
          "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
          name,
          value,
        );
        const kept = await transaction.get<{ readonly value: Uint8Array }>(
          "SELECT value FROM settings WHERE name = $1",
          name,
        );
        assert(kept !== undefined);
        return kept.value;
      });
    },

    rekey(oldKey, newKey) {
      const oldVault = createVault(oldKey, dice);
      const newVault = createVault(newKey, dice);
      const reseal: Reseal = (sealed, row) => newVault.seal(oldVault.open(sealed, row), row);
      return database.transact((transaction) => rekeyAll(transaction, reseal));
    },
  };
}

type Reseal = (sealed: Uint8Array, row: string) => Uint8Array;

/** Where something sealed lies: `first` and `second` are the row's key, `row` the name it is bound to. */
interface SealedColumn {
  readonly table: string;
  readonly first: string;
  readonly second: string;
  readonly sealed: string;
  readonly row: (first: string, second: string) => string;
}

const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: "settings", first: "name", second: "''", sealed: "value", row: (name) => `setting:${name}` },
  {
    table: "hook_secrets",
    first: "hook_id",
    second: "version",
    sealed: "sealed",
    row: (hook) => `hook:${hook}`,
  },
  {
    table: "idempotency",
    first: "scope",
    second: "key",
    sealed: "answer",
    row: (scope, key) => `idempotency:${scope}:${key}`,
  },
];

async function rekeyAll(transaction: Transaction, reseal: Reseal): Promise<number> {
  // Other nodes may still read; what they would write with the old key has to wait, and then meets the new one.
  await transaction.exec("LOCK TABLE settings, hook_secrets, idempotency IN EXCLUSIVE MODE");
  let count = 0;
  for (const column of SEALED_COLUMNS) count += await rekeyColumn(transaction, column, reseal);
  return count;
}

interface SealedRow {
  readonly first: string;
  readonly second: string;
  readonly sealed: Uint8Array;
}

// Answers may be 64 KiB each: so many are held in memory at once.
const ROWS_AT_ONCE = 100;

async function rekeyColumn(queries: Queries, column: SealedColumn, reseal: Reseal): Promise<number> {
  const { table, first, second, sealed } = column;
  let count = 0;
  let rows: readonly SealedRow[];
  let after: readonly [string, string] = ["", ""];
  do {
    rows = await queries.all<SealedRow>(
      `SELECT ${first} AS first, ${second}::text COLLATE "C" AS second, ${sealed} AS sealed FROM ${table}
       WHERE ${sealed} IS NOT NULL AND (${first}, ${second}::text COLLATE "C") > ($1, $2)
       ORDER BY 1, 2 LIMIT ${ROWS_AT_ONCE}`,
      ...after,
    );
    await queries.run(
      `UPDATE ${table} SET ${sealed} = fresh.sealed
       FROM unnest($1::text[], $2::text[], $3::bytea[]) AS fresh (first, second, sealed)
       WHERE ${table}.${first} = fresh.first AND ${second === "''" ? "''" : `${table}.${second}::text`} = fresh.second`,
      rows.map((row) => row.first),
      rows.map((row) => row.second),
      rows.map((row) => reseal(row.sealed, column.row(row.first, row.second))),
    );
    count += rows.length;
    const last = rows.at(-1);
    if (last !== undefined) after = [last.first, last.second];
  } while (rows.length === ROWS_AT_ONCE);
  return count;
}
