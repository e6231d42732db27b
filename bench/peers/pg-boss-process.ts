/** A peer: pg-boss on PostgreSQL. */
import pg from "pg";
import { PgBoss } from "pg-boss";
import { type Attempt, createDeliver, isDelivered } from "./delivery.ts";
import { type Job, startIntake } from "./intake.ts";
import type { PeerPlan } from "./peer.ts";

const plan = JSON.parse(process.argv[2] ?? "") as PeerPlan;
const QUEUE = "deliveries";
// Tried: batches of 50, 100, 250 and 500, by 2 workers and by 4. The larger the batch the less PostgreSQL spends on each.
const BATCH_SIZE = 500;
const WORKERS = 2;

const deliver = createDeliver(plan);
const database = new pg.Pool({ connectionString: plan.serviceUrl, max: 4 });
await database.query(`CREATE TABLE IF NOT EXISTS attempts (
  delivery text NOT NULL, number int NOT NULL, hook text NOT NULL, at timestamptz NOT NULL, status int, ms int NOT NULL,
  PRIMARY KEY (delivery, number))`);

const boss = new PgBoss({ connectionString: plan.serviceUrl, max: 10, schedule: false });
boss.on("error", (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
await boss.start();
await boss.createQueue(QUEUE, {
  retryLimit: 9,
  retryDelay: 5,
  retryBackoff: true,
});
if (plan.role !== "endpoint") await startWork();
const intake = plan.role === "worker" ? null : await startIntake(enqueue);
process.once("message", async () => {
  await intake?.close();
  await boss.stop({ graceful: false });
  await database.end();
  process.exit();
});
process.once("disconnect", () => process.exit());
process.send?.(intake?.port ?? 0);

async function enqueue(jobs: readonly Job[]): Promise<void> {
  const [first] = jobs;
  if (jobs.length === 1 && first !== undefined) await boss.send(QUEUE, first);
  else
    await boss.insert(
      QUEUE,
      jobs.map((data) => ({ data })),
    );
}

async function startWork(): Promise<void> {
  await boss.work<Job>(
    QUEUE,
    {
      batchSize: BATCH_SIZE,
      localConcurrency: WORKERS,
      // While there is more, no pause is made between two batches.
      burstWhenBatchFull: true,
      pollingIntervalSeconds: 0.5,
      perJobResults: true,
    },
    async (jobs) => {
      const attempts = await Promise.all(
        jobs.map(({ id, retryCount, data }) => deliver(id, retryCount + 1, data)),
      );
      await record(attempts);
      return attempts.map((attempt) => ({
        id: attempt.delivery,
        status: isDelivered(attempt) ? "completed" : "failed",
      }));
    },
  );
}

async function record(attempts: readonly Attempt[]): Promise<void> {
  await database.query(
    `INSERT INTO attempts (delivery, number, hook, at, status, ms)
     SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::int[], $6::int[])`,
    [
      attempts.map(({ delivery }) => delivery),
      attempts.map(({ number }) => number),
      attempts.map(({ hook }) => hook),
      attempts.map(({ at }) => at),
      attempts.map(({ status }) => status),
      attempts.map(({ ms }) => ms),
    ],
  );
}
