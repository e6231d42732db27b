/** The database and the queue server that peers, and one of ours, need beside them. */
import { Redis } from "ioredis";
import pg from "pg";
import { type Postgres, usePostgres } from "../../test/services/postgres.ts";
import { type RedisForTests, useRedis } from "../../test/services/redis.ts";
import { parentOf, type Watched } from "../measure/processes.ts";

export interface PostgresBeside {
  /** A new and empty database. */
  createDatabase(): Promise<string>;
  readonly watched: Watched;
}

export interface RedisBeside {
  readonly url: string;
  newPrefix(): string;
  readonly watched: Watched;
}

export interface ServicesBeside {
  /** Null where there is none and none can be started; `missing` says why. */
  readonly postgres: PostgresBeside | null;
  readonly redis: RedisBeside | null;
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

/** `isRequired`: a service that is missing is an error, and not a row less. */
export async function startServices(isRequired: boolean): Promise<ServicesBeside> {
  const missing: string[] = [];
  const stops: (() => Promise<void>)[] = [];

  async function tried<Service extends { stop(): Promise<void> }, Beside>(
    use: () => Promise<Service>,
    found: (service: Service) => Promise<Beside>,
  ): Promise<Beside | null> {
    try {
      const service = await use();
      stops.push(() => service.stop());
      return await found(service);
    } catch (error) {
      if (isRequired) throw error;
      missing.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  async function stop(): Promise<void> {
    for (const end of stops.reverse()) await end();
  }

  try {
    const postgres = await tried(usePostgres, findPostgres);
    const redis = await tried(useRedis, findRedis);
    return { postgres, redis, missing, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function findPostgres({ createDatabase }: Postgres): Promise<PostgresBeside> {
  const client = new pg.Client({ connectionString: await createDatabase() });
  await client.connect();
  try {
    const { rows } = await client.query<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid");
    // Each session is a process whose parent is the server; elsewhere than here neither can be seen.
    const pid = parentOf(rows[0]?.pid ?? 0) ?? 0;
    return { createDatabase, watched: { role: "service", pid, withChildren: true } };
  } finally {
    await client.end();
  }
}

async function findRedis({ url, newPrefix }: RedisForTests): Promise<RedisBeside> {
  const client = new Redis(url);
  try {
    const pid = /^process_id:(\d+)\r$/m.exec(await client.info("server"))?.[1];
    return { url, newPrefix, watched: { role: "service", pid: Number(pid ?? 0) } };
  } finally {
    client.disconnect();
  }
}
