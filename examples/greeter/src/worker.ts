/** Greets, in the background: one request at a time, at least a second between two that write. */
import { setTimeout as sleep } from "node:timers/promises";
import { stepAfter } from "./answer.ts";
import type { Database } from "./database.ts";
import { beginAttempt, isGreeted, type Job, type JobStep, moveOn, nextDueMs, nextJob } from "./jobs.ts";
import { readToken } from "./tokens.ts";
import { type Answer, memberOf, type TruLinks } from "./trulinks.ts";

export interface WorkerDeps {
  readonly db: Database;
  readonly trulinks: TruLinks;
  readonly tokensFile: string;
  /** This app's id: whose comment counts as a greeting. */
  readonly app: string;
  readonly now: () => number;
  readonly warn: (sentence: string) => void;
  readonly stopping: AbortSignal;
}

export interface Worker {
  /** A job was added. */
  wake(): void;
  /** Resolves after the job that is under way; `stopping` must have been aborted. */
  stopped(): Promise<void>;
}

// The guideline `write-pacing`: this far apart when there are many.
const WRITE_GAP_MS = 1_000;
const IDLE_MS_MAX = 60_000;
const QUEUE_RETRY_MS = 5_000;
const PAGES_READ_MAX = 20;

export function startWorker(deps: WorkerDeps): Worker {
  const { db, now, stopping, warn } = deps;
  let wakeUp = new AbortController();
  let nextWriteMs = 0;

  async function run(): Promise<void> {
    while (!stopping.aborted) {
      try {
        await work();
      } catch (error) {
        // The queue itself cannot be read or written, as on a full disk. Its jobs wait.
        warn(`Greeting waits: ${error instanceof Error ? error.message : error}.`);
        await sleep(QUEUE_RETRY_MS, undefined, { signal: stopping }).catch(() => {});
      }
    }
  }

  async function work(): Promise<void> {
    while (!stopping.aborted) {
      const job = nextJob(db, now());
      if (job === null) {
        const delayMs = Math.max(
          1,
          Math.min(IDLE_MS_MAX, (nextDueMs(db) ?? Number.POSITIVE_INFINITY) - now()),
        );
        await sleep(delayMs, undefined, { signal: AbortSignal.any([stopping, wakeUp.signal]) }).catch(
          () => {},
        );
        if (wakeUp.signal.aborted) wakeUp = new AbortController();
        continue;
      }
      const step = isGreeted(db, job) ? ({ kind: "greeted" } as const) : await attempt(job);
      // Broken off, not failed: the attempt counts for nothing but a look before the next.
      if (stopping.aborted && step.kind !== "greeted") return;
      moveOn(db, job, step, now());
      if (step.kind !== "greeted") warn(`Issue ${job.project}/${job.number}: ${step.kind}, ${step.reason}`);
    }
  }

  async function attempt(job: Job): Promise<JobStep> {
    const token = await readToken(deps.tokensFile, job.user);
    const number = job.attempts + 1;
    const mayBeThere = beginAttempt(db, job);
    if (token === null) return { ...stepAfter(null, number), reason: `no token of ${job.user}` } as JobStep;
    try {
      if (mayBeThere && (await isThere(deps, token, job))) return { kind: "greeted" };
      await sleep(Math.max(0, nextWriteMs - now()), undefined, { signal: stopping });
      const answer = await comment(deps, token, job);
      return stepAfter(answer, number);
    } catch {
      return stepAfter(null, number);
    } finally {
      nextWriteMs = now() + WRITE_GAP_MS;
    }
  }

  const running = run();
  return { wake: () => wakeUp.abort(), stopped: () => running };
}

function comment({ trulinks }: WorkerDeps, token: string, job: Job): Promise<Answer> {
  const { project, number, user, author, key_round } = job;
  return trulinks.withToken(token, "POST", `/projects/${project}/issues/${number}/comments`, {
    body: { body: `Hello @${author}, thank you for this issue. Somebody will look at it soon.` },
    idempotencyKey: `greeter-${project}-${number}-${user}-${key_round}`,
  });
}

/** Looks whether the issue has a comment of this app. Throws where that cannot be found out. */
async function isThere({ trulinks, app }: WorkerDeps, token: string, job: Job): Promise<boolean> {
  let path: string | undefined = `/projects/${job.project}/issues/${job.number}/comments?limit=100`;
  for (let page = 0; path !== undefined && page < PAGES_READ_MAX; page++) {
    const { status, headers, body }: Answer = await trulinks.withToken(token, "GET", path);
    if (status !== 200 || !Array.isArray(body)) throw new Error(`comments could not be read: ${status}`);
    if (body.some((entry) => memberOf(entry, "app") === app)) return true;
    path = /<(\/[^>]*)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
  }
  return false;
}
