import { StartRefused } from "../../base/start-refused.ts";
import type { Storage } from "../storage.ts";
import { createAccounts } from "./accounts.ts";
import { createBacklog } from "./backlog.ts";
import { createEventTypes } from "./catalogue.ts";
import { connect, type DatabaseDeps } from "./database.ts";
import { createFeed } from "./feed.ts";
import { createHealth } from "./health.ts";
import { createIdempotency } from "./idempotency.ts";
import { migrate } from "./migrate.ts";
import { createNotices } from "./notices.ts";
import { createRecord } from "./record.ts";
import { createReplays } from "./replays.ts";
import { createSecrets } from "./secrets.ts";
import { createStandings } from "./standings.ts";
import {
  tellingOfAccounts,
  tellingOfHealth,
  tellingOfRecord,
  tellingOfReplays,
  tellingOfWebhooks,
} from "./telling-others.ts";
import { createUnderway } from "./underway.ts";
import { createWebhooks } from "./webhooks.ts";

/** `url`: `postgres://user:password@host:port/database`. Any number of nodes may share one database. */
export async function openPostgres(deps: DatabaseDeps): Promise<Storage> {
  const database = connect(deps);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error instanceof StartRefused ? error : cannotOpen(deps.url, error);
  }
  const underway = createUnderway();
  const notices = createNotices({ database, ...deps });
  return {
    accounts: underway.watch(tellingOfAccounts(createAccounts(database, deps.dice), notices.tell)),
    webhooks: underway.watch(tellingOfWebhooks(createWebhooks(database, deps.dice), notices.tell)),
    backlog: underway.watch(createBacklog(database)),
    replays: underway.watch(tellingOfReplays(createReplays(database), notices.tell)),
    health: underway.watch(tellingOfHealth(createHealth(database, deps.dice), notices.tell)),
    eventTypes: underway.watch(createEventTypes(database)),
    feed: underway.watch(createFeed(database)),
    record: underway.watch(tellingOfRecord(createRecord(database, deps.dice), notices.tell)),
    secrets: underway.watch(createSecrets(database, deps.dice)),
    idempotency: underway.watch(createIdempotency(database)),
    standings: underway.watch(createStandings(database)),
    load: database.load,
    listen: notices.listen,
    ping: async () => void (await database.get("SELECT 1")),
    async close() {
      await underway.close();
      await notices.close();
      await database.close();
    },
  };
}

/** Says why in one sentence, and never the password. */
function cannotOpen(url: string, error: unknown): StartRefused {
  const reason = reasonOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
  const message = `The database ${placeOf(url)} cannot be opened: ${reason}. See database.url or TRULINKS_DATABASE_URL.`;
  return new StartRefused(message, { cause: error });
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
