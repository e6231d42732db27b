/** The services that tests need beside Node. One file each; a new one enters the list here. */
import { postgresService } from "./postgres.ts";
import { redisService } from "./redis.ts";

export interface Service {
  readonly name: string;
  /** Starts it, or finds the one that the environment names; says clearly what is missing if it can do neither. */
  start(environment: NodeJS.ProcessEnv): Promise<RunningService>;
}

export interface RunningService {
  /** What the tests find it by. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ends what `start` began. Working twice does no harm. */
  stop(): Promise<void>;
}

export const SERVICES: readonly Service[] = [postgresService, redisService];
