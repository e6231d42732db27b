/**
 * A PostgreSQL server for tests. `npm test` starts one for all test files; a file that runs alone starts its own:
 *
 *     const postgres = await usePostgres();
 *     after(() => postgres.stop());
 *     const url = await postgres.createDatabase();
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { startCluster } from "./postgres-cluster.ts";
import type { RunningService, Service } from "./services.ts";

/** Names a server to use instead of one of our own. Its user must be allowed to create databases. */
export const POSTGRES_VARIABLE = "TRULINKS_TEST_POSTGRES_URL";

export interface Postgres {
  /** The URL of a new and empty database; each test file takes its own, or several. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export const postgresService: Service = { name: "PostgreSQL", start };

export async function usePostgres(): Promise<Postgres> {
  const { variables, stop } = await start(process.env);
  const serverUrl = variables[POSTGRES_VARIABLE] ?? "";
  return { createDatabase: () => createDatabase(serverUrl), stop };
}

async function start(environment: NodeJS.ProcessEnv): Promise<RunningService> {
  const given = environment[POSTGRES_VARIABLE];
  if (given !== undefined) return { variables: { [POSTGRES_VARIABLE]: given }, stop: async () => {} };
  const cluster = await startCluster();
  return { variables: { [POSTGRES_VARIABLE]: cluster.url }, stop: cluster.stop };
}

async function createDatabase(serverUrl: string): Promise<string> {
  const name = `trulinks_${randomBytes(8).toString("hex")}`;
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name} ${await collationClause(client)}`);
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

// A language's order of letters, where the server has one: what must sort by character codes then has to say so.
async function collationClause(client: pg.Client): Promise<string> {
  const found = await client.query<{ icu: boolean }>(
    `SELECT current_setting('server_version_num')::int >= 150000
       AND EXISTS (SELECT FROM pg_collation WHERE collname = 'en-US-x-icu') AS icu`,
  );
  if (!found.rows[0]?.icu) return "";
  return "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";
}
