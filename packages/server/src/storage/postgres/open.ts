import type { Storage } from "../storage.ts";
import { createAccounts } from "./accounts.ts";
import { connect, type DatabaseDeps } from "./database.ts";
import { createIdempotency } from "./idempotency.ts";
import { migrate, NewerSchema } from "./migrate.ts";
import { createSecrets } from "./secrets.ts";
import { createWebhooks } from "./webhooks.ts";

/** `url`: `postgres://user:password@host:port/database`. Any number of nodes may share one database. */
export async function openPostgres(deps: DatabaseDeps): Promise<Storage> {
  const database = connect(deps);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error instanceof NewerSchema ? error : cannotOpen(deps.url, error);
  }
  return {
    accounts: createAccounts(database),
    webhooks: createWebhooks(database, deps.dice),
    secrets: createSecrets(database, deps.dice),
    idempotency: createIdempotency(database),
    ping: async () => void (await database.get("SELECT 1")),
    close: () => database.close(),
  };
}

/** Says why in one sentence, and never the password. */
function cannotOpen(url: string, error: unknown): Error {
  const reason = reasonOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
  return new Error(`The database ${placeOf(url)} cannot be opened: ${reason}.`, { cause: error });
}

function placeOf(url: string): string {
  if (!URL.canParse(url)) return "(its URL is not of the form postgres://user:password@host:port/database)";
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  // Where several addresses were tried, only their common code says why.
  return "code" in error ? String(error.code) : error.name;
}
