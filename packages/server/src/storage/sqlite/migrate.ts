import { StartRefused } from "../../base/start-refused.ts";
import type { Database } from "./database.ts";
import { first } from "./migrations/0001-first.ts";
import { wayOut } from "./migrations/0002-way-out.ts";
import { catalogue } from "./migrations/0003-catalogue.ts";
import { health } from "./migrations/0004-health.ts";
import { replays } from "./migrations/0005-replays.ts";
import { feed } from "./migrations/0006-feed.ts";
import { record } from "./migrations/0007-record.ts";
import { backlog } from "./migrations/0008-backlog.ts";
import { standings } from "./migrations/0013-standings.ts";

/** In order, forward only; a migration that was released is never changed. The schema's number is how many ran. */
export const MIGRATIONS: readonly string[] = [
  first,
  wayOut,
  catalogue,
  health,
  replays,
  feed,
  record,
  backlog,
  standings,
];

/** Brings the schema up to date in one transaction. Of two that race, one waits and then finds nothing to do. */
export function migrate(database: Database, migrations: readonly string[] = MIGRATIONS): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const found = schemaOf(database);
    if (found > migrations.length) throw new StartRefused(newerSchema(found, migrations.length));
    for (const migration of migrations.slice(found)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}; COMMIT`);
  } catch (error) {
    if (database.isInTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

export function schemaOf(database: Database): number {
  return database.get<{ readonly user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
}

function newerSchema(found: number, known: number): string {
  return `This data was written by a newer version (schema ${found}; this one knows ${known}). Start the newer version.`;
}
