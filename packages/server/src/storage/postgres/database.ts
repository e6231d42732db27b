/** Connections to one PostgreSQL database: prepared statements, transactions, and what to do when it goes away. */
import pg from "pg";
import type { Clock } from "../../base/clock.ts";
import type { Dice } from "../../base/dice.ts";
import type { Log } from "../../base/log.ts";
import type { CommittedFact, StorageLoad } from "../storage.ts";
import { failureOf, outward } from "./failure.ts";

export interface Queries {
  all<Row extends pg.QueryResultRow>(sql: string, ...values: readonly unknown[]): Promise<readonly Row[]>;
  /** The first row. */
  get<Row extends pg.QueryResultRow>(sql: string, ...values: readonly unknown[]): Promise<Row | undefined>;
  /** How many rows were changed. */
  run(sql: string, ...values: readonly unknown[]): Promise<number>;
}

/** What a transaction may do. */
export interface Transaction extends Queries {
  /** Runs several statements that have no values, however long they take. */
  exec(script: string): Promise<void>;
}

/** Each call of `all`, `get` and `run` is a transaction of its own. */
export interface Database extends Queries {
  /**
   * Runs in one transaction: all or, if it throws, nothing. May run several times, when another transaction got
   * in the way: `work` has no effect but on the database.
   */
  transact<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  load(): StorageLoad;
  /** Nothing may be under way. */
  close(): Promise<void>;
}

export interface DatabaseDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
  readonly onFact?: ((fact: CommittedFact) => void) | undefined;
}

const CONNECTIONS_MAX = 10;
const CONNECT_MS_MAX = 5_000;
const STATEMENT_MS_MAX = 60_000;
// Longer than the server's own limit, so that only a dead network meets it.
const ANSWER_MS_MAX = STATEMENT_MS_MAX + 10_000;
// A migration of large tables takes its time, and nobody else waits for its answer. The largest that a timer can wait.
const SCRIPT_MS_MAX = 2 ** 31 - 1;
const TRIES_MAX = 8;
const TRY_AGAIN_MS = 20;
const INT8 = pg.types.builtins.INT8;

// Whatever the server's defaults are: an answer means "on disk", and each statement sees what is committed by then.
// What we look for lies in memory or on flash, where the next page costs about as much as any other.
const SESSION = `
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
SET random_page_cost = 1.1;
SET statement_timeout = ${STATEMENT_MS_MAX};
SET idle_in_transaction_session_timeout = ${STATEMENT_MS_MAX}`;

export function connect(deps: DatabaseDeps): Database {
  const pool = createPool(deps.url);
  const reach = reachLog(deps.log);
  pool.on("error", (error) => reach.failed(error));

  async function trying<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tried = 1; ; tried++) {
      const startMs = deps.clock.monotonic();
      try {
        const result = await work();
        reach.succeeded();
        deps.onFact?.({ kind: "committed", durationMs: deps.clock.monotonic() - startMs });
        return result;
      } catch (error) {
        if (failureOf(error) !== "conflict" || tried === TRIES_MAX) {
          reach.failed(error);
          throw outward(error);
        }
        await deps.clock.sleep(TRY_AGAIN_MS * tried * (1 + deps.dice.roll()));
      }
    }
  }

  return {
    ...queriesOn((query) => trying(() => pool.query(query))),
    transact: (work) => trying(() => transactOnce(pool, work)),
    load: () => ({
      callsWaiting: pool.waitingCount,
      connections: { busy: pool.totalCount - pool.idleCount, idle: pool.idleCount },
    }),
    async close() {
      // Connections that are on their way out have nothing to report any more.
      pool.removeAllListeners("error").on("error", () => {});
      await pool.end();
    },
  };
}

function createPool(url: string): pg.Pool {
  return new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    keepAlive: true,
    application_name: "trulinks",
    types: {
      // Times and counts are whole numbers far below 2^53.
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text"),
    } as pg.CustomTypesConfig,
    onConnect: async (client) => {
      await client.query(SESSION);
    },
  });
}

async function transactOnce<Result>(
  pool: pg.Pool,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A connection that dies fails its query; without a listener its event would end the process, too.
  const ignore = (): void => {};
  client.on("error", ignore);
  let isBroken = false;
  try {
    await client.query("BEGIN");
    const result = await work({
      ...queriesOn((query) => client.query(query)),
      exec: async (script) => void (await client.query(patiently(script))),
    });
    await client.query("COMMIT");
    return result;
  } catch (error) {
    isBroken = failureOf(error) === "unreachable" || !(await undo(client));
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(isBroken);
  }
}

// The client takes this per query, too, which its types do not say.
function patiently(text: string): pg.QueryConfig & { readonly query_timeout: number } {
  return { text, query_timeout: SCRIPT_MS_MAX };
}

function undo(client: pg.PoolClient): Promise<boolean> {
  return client.query("ROLLBACK").then(
    () => true,
    () => false,
  );
}

type Run = (query: pg.QueryConfig) => Promise<pg.QueryResult>;

function queriesOn(run: Run): Queries {
  const ask = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> =>
    run({ name: statementName(text), text, values: [...values] });
  return {
    all: async (sql, ...values) => (await ask(sql, values)).rows,
    get: async (sql, ...values) => (await ask(sql, values)).rows[0],
    run: async (sql, ...values) => (await ask(sql, values)).rowCount ?? 0,
  };
}

// A statement is planned once for each connection. There are as many names as texts in this folder, a fixed number.
const names = new Map<string, string>();

function statementName(text: string): string {
  const name = names.get(text) ?? `trulinks_${names.size + 1}`;
  names.set(text, name);
  return name;
}

/** Says when the database went away and when it came back, once each. */
function reachLog(log: Log): { succeeded(): void; failed(error: unknown): void } {
  let isAway = false;
  return {
    succeeded() {
      if (isAway) log.info("database.back");
      isAway = false;
    },
    failed(error) {
      const failure = failureOf(error);
      if (isAway || failure === "conflict" || failure === "bug") return;
      isAway = true;
      log.warn("database.lost", { failure, reason: error instanceof Error ? error.message : undefined });
    },
  };
}
