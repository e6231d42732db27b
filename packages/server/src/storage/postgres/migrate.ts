import { StartRefused } from "../../base/start-refused.ts";
import type { Database, Queries } from "./database.ts";
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

export class NewerSchema extends StartRefused {
  constructor(found: number, known: number) {
    super(
      `This data was written by a newer version (schema ${found}; this one knows ${known}). Start the newer version.`,
    );
    this.name = "NewerSchema";
  }
}

// Any number that nobody else in this database is likely to lock: "TruLinks" in ASCII, as a bigint.
const LOCK = "6084507373519072115";

/** Brings the schema up to date in one transaction. Of nodes that race, one works and the others then find it done. */
export async function migrate(database: Database, migrations: readonly string[] = MIGRATIONS): Promise<void> {
  await database.transact(async (transaction) => {
    await transaction.exec(`SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(${LOCK})`);
    const found = await schemaOf(transaction);
    if (found > migrations.length) throw new NewerSchema(found, migrations.length);
    if (found === migrations.length) return;
    for (const migration of migrations.slice(found)) await transaction.exec(migration);
    await transaction.run("UPDATE schema_version SET number = $1", migrations.length);
  });
}

async function schemaOf(queries: Queries): Promise<number> {
  await queries.run("CREATE TABLE IF NOT EXISTS schema_version (number integer NOT NULL)");
  const row = await queries.get<{ number: number }>("SELECT number FROM schema_version");
  if (row !== undefined) return row.number;
  await queries.run("INSERT INTO schema_version (number) VALUES (0)");
  return 0;
}
