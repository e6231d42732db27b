/** The work that was promised to TruLinks by a 202: one job a delivery, on disk until it is over. */
import type { Database } from "./database.ts";
import type { Greeting } from "./delivery.ts";

export interface Job extends Greeting {
  readonly position: number;
  readonly attempts: number;
  /** Part of the idempotency key; raised where TruLinks cannot say what came of the key before. */
  readonly key_round: number;
}

/** How a job moves on. */
export type JobStep =
  | { readonly kind: "greeted" }
  | { readonly kind: "given-up"; readonly reason: string }
  | { readonly kind: "later"; readonly delayMs: number; readonly reason: string; readonly isNewKey: boolean }
  /** TruLinks asks this user's requests to wait, so all of that user's jobs do. */
  | { readonly kind: "user-later"; readonly delayMs: number; readonly reason: string };

// Longer than TruLinks keeps deliveries, which bounds how late one can come again.
const JOBS_KEPT_MS = 30 * 24 * 3_600_000;
const JOBS_FORGOTTEN_MAX = 10;

const COLUMNS = "position, user, project, number, author, attempts, key_round";
/** Two users' deliveries of one issue are worked one after the other, so that one greeting is certain before the next. */
const FIRST_OF_ISSUE = `NOT EXISTS (SELECT 1 FROM jobs AS before WHERE before.project = jobs.project
  AND before.number = jobs.number AND before.position < jobs.position AND before.state = 'waiting')`;

export function enqueue(db: Database, webhookId: string, greeting: Greeting, nowMs: number): void {
  const { user, project, number, author } = greeting;
  db.transaction(() => {
    db.run(
      `DELETE FROM jobs WHERE position IN
        (SELECT position FROM jobs WHERE received_at_ms < ? AND state <> 'waiting' ORDER BY received_at_ms LIMIT ?)`,
      nowMs - JOBS_KEPT_MS,
      JOBS_FORGOTTEN_MAX,
    );
    db.run(
      `INSERT INTO jobs (webhook_id, user, project, number, author, due_at_ms, received_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (webhook_id) DO NOTHING`,
      webhookId,
      user,
      project,
      number,
      author,
      nowMs,
      nowMs,
    );
  });
}

export function nextJob(db: Database, nowMs: number): Job | null {
  return db.one<Job>(
    `SELECT ${COLUMNS} FROM jobs WHERE state = 'waiting' AND due_at_ms <= ? AND ${FIRST_OF_ISSUE} ORDER BY position LIMIT 1`,
    nowMs,
  );
}

/** When the next job is due; null where none waits. */
export function nextDueMs(db: Database): number | null {
  const sql = `SELECT min(due_at_ms) AS due FROM jobs WHERE state = 'waiting' AND ${FIRST_OF_ISSUE}`;
  return db.one<{ due: number | null }>(sql)?.due ?? null;
}

/** Written before anything is sent. True: a comment on this issue may have been sent before. */
export function beginAttempt(db: Database, job: Job): boolean {
  return db.transaction(() => {
    const earlier = db.one<{ attempts: number }>(
      "SELECT coalesce(sum(attempts), 0) AS attempts FROM jobs WHERE project = ? AND number = ?",
      job.project,
      job.number,
    );
    db.run("UPDATE jobs SET attempts = attempts + 1 WHERE position = ?", job.position);
    return (earlier?.attempts ?? 0) > 0;
  });
}

export function isGreeted(db: Database, { project, number }: Job): boolean {
  return db.one("SELECT 1 FROM greeted WHERE project = ? AND number = ?", project, number) !== null;
}

export function moveOn(db: Database, job: Job, step: JobStep, nowMs: number): void {
  db.transaction(() => {
    switch (step.kind) {
      case "greeted":
        db.run(
          "INSERT OR IGNORE INTO greeted (project, number, at_ms) VALUES (?, ?, ?)",
          job.project,
          job.number,
          nowMs,
        );
        db.run("UPDATE jobs SET state = 'done', reason = NULL WHERE position = ?", job.position);
        return;
      case "given-up":
        db.run(
          "UPDATE jobs SET state = 'given-up', reason = ? WHERE position = ?",
          step.reason,
          job.position,
        );
        return;
      case "later":
        db.run(
          "UPDATE jobs SET due_at_ms = ?, reason = ?, key_round = key_round + ? WHERE position = ?",
          nowMs + step.delayMs,
          step.reason,
          step.isNewKey ? 1 : 0,
          job.position,
        );
        return;
      case "user-later":
        db.run(
          "UPDATE jobs SET due_at_ms = max(due_at_ms, ?), reason = ? WHERE user = ? AND state = 'waiting'",
          nowMs + step.delayMs,
          step.reason,
          job.user,
        );
        return;
      default:
        step satisfies never;
    }
  });
}
