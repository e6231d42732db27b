/** What the engine keeps in memory beside its file. All of it can be read from the file again, but for the leases. */
import type { HookId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { Database } from "./database.ts";
import { createKnownHooks, type KnownHooks } from "./known-hooks.ts";
import { createLeases, type Leases } from "./leases.ts";
import { createListing, type Listing } from "./listing.ts";
import { createReaches, type Reaches } from "./reach.ts";
import { createTurns, type Turns } from "./turns.ts";

export interface Memory {
  readonly leases: Leases;
  readonly listing: Listing;
  readonly hooks: KnownHooks;
  readonly reaches: Reaches;
  /** Whose turn it is with what was never tried, and with retries. */
  readonly turns: { readonly first: Turns; readonly retry: Turns };
  /** Notes the turns of all that is due, from the rows; a time that was noted too late is made earlier. */
  noteTurns(): void;
  begin(): void;
  /** The transaction was undone, and so is what it did here. */
  undo(): void;
}

/** What every verb works on. */
export interface Ground {
  readonly database: Database;
  readonly memory: Memory;
  readonly dice: Dice;
}

// No start gives out this many leases.
const LEASES_PER_START = 2 ** 32;

/** The database must be migrated; starts that came before are told apart by the fence. `hooksMax`: so many are remembered. */
export function createMemory(database: Database, hooksMax?: number): Memory {
  database.run("UPDATE engine SET starts = starts + 1 WHERE id = 1");
  const starts =
    database.get<{ readonly starts: number }>("SELECT starts FROM engine WHERE id = 1")?.starts ?? 0;
  const leases = createLeases(starts * LEASES_PER_START);
  const listing = createListing(database);
  const hooks = createKnownHooks(database, hooksMax);
  const reaches = createReaches(database);
  const turns = { first: createTurns(), retry: createTurns() };
  listing.bring();
  readTurns(database, turns);

  return {
    leases,
    listing,
    hooks,
    reaches,
    turns,
    noteTurns: () => readTurns(database, turns),
    begin: leases.begin,
    undo() {
      leases.undo();
      listing.reset();
      hooks.clear();
      reaches.clear();
      // What the transaction took out is noted again; times that are too early do no harm.
      readTurns(database, turns);
    },
  };
}

/** One walk along the index of what is due (about 0.2 s for a million), and one over what is not listed yet. */
function readTurns(database: Database, turns: Memory["turns"]): void {
  const rows = [...database.all<TurnRow>(LISTED_TURNS), ...database.all<TurnRow>(UNLISTED_TURNS)];
  for (const { hook_id, is_retry, at_ms } of rows)
    turns[is_retry === 1 ? "retry" : "first"].note(hook_id, at_ms);
}

interface TurnRow {
  readonly hook_id: HookId;
  readonly is_retry: number;
  readonly at_ms: number;
}

const turnsOf = (
  rows: string,
): string => `SELECT hook_id, attempts_count > 0 AS is_retry, min(next_at_ms) AS at_ms
  FROM deliveries ${rows} AND next_at_ms IS NOT NULL GROUP BY hook_id, attempts_count > 0`;

const LISTED_TURNS = turnsOf("INDEXED BY deliveries_due WHERE is_listed = 1");
const UNLISTED_TURNS = turnsOf("WHERE key > (SELECT listed_through FROM engine WHERE id = 1)");
