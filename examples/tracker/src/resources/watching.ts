/** Who watches a project; in step with its group at TruLinks. */
import type { Database } from "../database.ts";
import { tellWatching } from "../outbox.ts";
import { Refusal } from "../problems.ts";

/** Each watcher is one notification, and one event of it, for whatever happens in the project. */
const WATCHERS_MAX = 500;

export function watchersOf(db: Database, projectId: number): readonly string[] {
  const rows = db.all<{ user_id: string }>(
    "SELECT user_id FROM watchers WHERE project_id = ? ORDER BY user_id",
    projectId,
  );
  return rows.map((row) => row.user_id);
}

/** Within a change: the user is in the project's group from here on, before any event that comes later. */
export function watch(db: Database, projectId: number, user: string): void {
  if (watchersOf(db, projectId).length >= WATCHERS_MAX) {
    throw new Refusal("conflict", `A project has at most ${WATCHERS_MAX} watchers.`);
  }
  const { changes } = db.run(
    "INSERT OR IGNORE INTO watchers (project_id, user_id) VALUES (?, ?)",
    projectId,
    user,
  );
  if (changes > 0) tellWatching(db, projectId, user, true);
}

/** Within a change: no event that comes later reaches the user as a watcher. */
export function unwatch(db: Database, projectId: number, user: string): void {
  const { changes } = db.run("DELETE FROM watchers WHERE project_id = ? AND user_id = ?", projectId, user);
  if (changes > 0) tellWatching(db, projectId, user, false);
}
