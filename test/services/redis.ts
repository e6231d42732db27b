/**
 * A Redis server for tests. `npm test` starts one for all test files; a file that runs alone starts its own:
 *
 *     const redis = await useRedis();
 *     after(() => redis.stop());
 *     const client = new Redis(redis.url, { keyPrefix: redis.newPrefix() });
 */
import { randomBytes } from "node:crypto";
import { startRedisServer } from "./redis-server.ts";
import type { RunningService, Service } from "./services.ts";

/** Names a server to use instead of one of our own. */
export const REDIS_VARIABLE = "TRULINKS_TEST_REDIS_URL";

export interface RedisForTests {
  readonly url: string;
  /** What the keys of one test file begin with, since others use the same server. */
  newPrefix(): string;
  stop(): Promise<void>;
}

export const redisService: Service = { name: "Redis", start };

export async function useRedis(): Promise<RedisForTests> {
  const { variables, stop } = await start(process.env);
  const newPrefix = () => `trulinks-${randomBytes(8).toString("hex")}:`;
  return { url: variables[REDIS_VARIABLE] ?? "", newPrefix, stop };
}

async function start(environment: NodeJS.ProcessEnv): Promise<RunningService> {
  const given = environment[REDIS_VARIABLE];
  if (given !== undefined) return { variables: { [REDIS_VARIABLE]: given }, stop: async () => {} };
  const server = await startRedisServer();
  return { variables: { [REDIS_VARIABLE]: server.url }, stop: server.stop };
}
