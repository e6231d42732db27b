/** A peer: BullMQ on Redis (AOF, synced every second). */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { createDeliver, isDelivered } from "./delivery.ts";
import { type Job, startIntake } from "./intake.ts";
import type { PeerPlan } from "./peer.ts";

const plan = JSON.parse(process.argv[2] ?? "") as PeerPlan;
// Tried: 32, 64 and 128 are the same within the noise, 256 is slower.
const CONCURRENCY = 64;
const RETRIES_S = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

const deliver = createDeliver(plan);
const prefix = plan.prefix.replaceAll(":", "");
const connect = (): Redis => new Redis(plan.serviceUrl, { maxRetriesPerRequest: null });
// Commands of one turn of the event loop go out together.
const attempts = new Redis(plan.serviceUrl, { enableAutoPipelining: true, keyPrefix: plan.prefix });
const queue = new Queue<Job>("deliveries", {
  connection: connect(),
  prefix,
  // What was delivered is in the attempt log; keeping the jobs as well made it slower.
  defaultJobOptions: {
    attempts: RETRIES_S.length + 1,
    backoff: { type: "custom" },
    removeOnComplete: true,
  },
});
const worker = plan.role === "endpoint" ? null : startWorker();
const intake = plan.role === "worker" ? null : await startIntake(enqueue);
process.once("message", async () => {
  await intake?.close();
  await worker?.close();
  if (intake !== null) await queue.obliterate({ force: true });
  await attempts.del("attempts");
  process.exit();
});
process.once("disconnect", () => process.exit());
process.send?.(intake?.port ?? 0);

async function enqueue(jobs: readonly Job[]): Promise<void> {
  const [first] = jobs;
  if (jobs.length === 1 && first !== undefined) await queue.add("deliver", first);
  else await queue.addBulk(jobs.map((data) => ({ name: "deliver", data })));
}

function startWorker(): Worker<Job> {
  const worker = new Worker<Job>(
    "deliveries",
    async ({ id = "", attemptsMade, data }) => {
      const attempt = await deliver(`dlv_${id}`, attemptsMade + 1, data);
      await attempts.xadd("attempts", "*", "attempt", JSON.stringify(attempt));
      if (!isDelivered(attempt)) throw new Error(`The receiver answered ${attempt.status}.`);
    },
    {
      connection: connect(),
      prefix,
      concurrency: CONCURRENCY,
      settings: { backoffStrategy: (made) => (RETRIES_S[made - 1] ?? 86_400) * 1_000 },
    },
  );
  worker.on("error", (error) => process.stderr.write(`bullmq: ${error.message}\n`));
  return worker;
}
