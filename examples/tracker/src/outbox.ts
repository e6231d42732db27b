/**
 * Calls that TruLinks must get. They are written in the transaction of the change that they tell of, so that
 * neither exists without the other, and leave in the same order.
 */
import type { Database } from "./database.ts";

export interface Call {
  readonly position: number;
  readonly method: "PUT" | "POST" | "DELETE";
  readonly path: string;
  /** JSON, or null for a call without a body. */
  readonly body: string | null;
  /** The W3C trace of the request that it tells of. */
  readonly traceparent: string | null;
}

export interface RefusedCall extends Omit<Call, "traceparent"> {
  readonly status: number;
  readonly reason: string;
  readonly refused_at: string;
}

export interface TrackerEvent {
  readonly type: string;
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** A project's watchers are a group of TruLinks. */
export function groupOf(projectId: number): string {
  return `project:${projectId}`;
}

export function tellUser(db: Database, user: { id: string; name: string; email: string | null }): void {
  const { id, name, email } = user;
  enqueue(db, "PUT", `/v1/users/${id}`, email === null ? { name } : { name, email });
}

export function tellWatching(db: Database, projectId: number, user: string, watches: boolean): void {
  enqueue(db, watches ? "PUT" : "DELETE", `/v1/groups/${groupOf(projectId)}/users/${user}`, null);
}

export function tellEvent(db: Database, event: TrackerEvent): void {
  enqueue(db, "POST", "/v1/events", event);
}

/** Unless that is waiting to be told already. */
export function tellEventType(db: Database, type: string, definition: object): void {
  const path = `/v1/event-types/${type}`;
  const body = JSON.stringify(definition);
  if (db.one("SELECT 1 FROM outbox WHERE path = ? AND body = ?", path, body) !== null) return;
  enqueue(db, "PUT", path, definition);
}

const TRACEPARENT = /^[0-9a-f]{2}(-[0-9a-f]+){3}$/;

/** What is put into the outbox meanwhile leaves under the trace of the request; one that is no trace is nobody's loss. */
export function underTrace<Result>(db: Database, traceparent: unknown, run: () => Result): Result {
  if (typeof traceparent !== "string" || traceparent.length > 55 || !TRACEPARENT.test(traceparent))
    return run();
  const before = db.one<{ last: number | null }>("SELECT max(position) AS last FROM outbox")?.last ?? 0;
  const result = run();
  db.run("INSERT INTO outbox_traces SELECT position, ? FROM outbox WHERE position > ?", traceparent, before);
  return result;
}

/** The id of an event: of this outbox and this position, so that sending it again is harmless. */
export function eventId(outboxName: string, position: number): string {
  return `${outboxName}-${position}`;
}

/** A name that no other outbox has: a tracker that starts anew must not repeat the ids of the one before. */
export function outboxName(db: Database, makeName: () => string): string {
  return db.transaction(() => {
    db.run("INSERT OR IGNORE INTO settings (name, value) VALUES ('outbox', ?)", makeName());
    return db.one<{ value: string }>("SELECT value FROM settings WHERE name = 'outbox'")?.value ?? "";
  });
}

export function firstCalls(db: Database, countMax: number): readonly Call[] {
  return db.all<Call>(
    `SELECT position, method, path, body, traceparent FROM outbox LEFT JOIN outbox_traces USING (position)
     ORDER BY position LIMIT ?`,
    countMax,
  );
}

export function waitingCount(db: Database): number {
  return db.one<{ count: number }>("SELECT count(*) AS count FROM outbox")?.count ?? 0;
}

export function removeCall(db: Database, position: number): void {
  db.run("DELETE FROM outbox WHERE position = ?", position);
  db.run("DELETE FROM outbox_traces WHERE position = ?", position);
}

/** Sets a call aside that TruLinks will never take, so that it does not hold up those behind it. */
export function refuseCall(
  db: Database,
  call: Call,
  { status, reason, nowMs }: { status: number; reason: string; nowMs: number },
): void {
  const { position, method, path, body } = call;
  db.transaction(() => {
    db.run(
      "INSERT INTO outbox_refused (position, method, path, body, status, reason, refused_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      position,
      method,
      path,
      body,
      status,
      reason,
      new Date(nowMs).toISOString(),
    );
    removeCall(db, position);
  });
}

export function refusedCalls(db: Database, after: number, countMax: number): readonly RefusedCall[] {
  return db.all<RefusedCall>(
    "SELECT * FROM outbox_refused WHERE position > ? ORDER BY position LIMIT ?",
    after,
    countMax,
  );
}

function enqueue(db: Database, method: Call["method"], path: string, body: object | null): void {
  db.run(
    "INSERT INTO outbox (method, path, body) VALUES (?, ?, ?)",
    method,
    path,
    body === null ? null : JSON.stringify(body),
  );
}
