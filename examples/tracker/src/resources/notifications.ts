import { type Static, Type } from "typebox";
import { actorOf, guarded } from "../access.ts";
import { change, type TrackerDeps } from "../change.ts";
import type { Database } from "../database.ts";
import { groupOf, tellEvent } from "../outbox.ts";
import { PageQuery, page } from "../pages.ts";
import { Refusal } from "../problems.ts";
import type { TrackerApp } from "../server.ts";
import { Time } from "./fields.ts";
import type { Project } from "./projects.ts";
import { senderOf } from "./users.ts";
import { watchersOf } from "./watching.ts";

export const Notification = Type.Object({
  id: Type.Integer(),
  project_id: Type.Integer(),
  reason: Type.String({ description: "The event's type" }),
  subject: Type.String(),
  url: Type.String(),
  read: Type.Boolean(),
  created_at: Time,
});
type Notification = Static<typeof Notification>;

const COLUMNS = "id, project_id, reason, subject, url, read, created_at";
type NotificationRow = Omit<Notification, "read"> & { readonly read: number };
const toNotification = (row: NotificationRow): Notification => ({ ...row, read: row.read === 1 });

/** Something that happened in a project, as its watchers hear of it. */
export interface Happening {
  readonly type: string;
  readonly project: Project;
  readonly actor: string;
  /** One line for people. */
  readonly subject: string;
  readonly url: string;
  readonly now: string;
  /** What the event carries besides project and sender, such as the issue. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Within a change: one event for the watchers as a group, and a notification for each but who did it. */
export function tellWatchers(
  db: Database,
  { type, project, actor, subject, url, now, data }: Happening,
): void {
  const watchers = watchersOf(db, project.id);
  if (watchers.length === 0) return;
  const sender = senderOf(db, actor);
  tellEvent(db, { type, groups: [groupOf(project.id)], data: { ...data, project, sender } });

  for (const user of watchers.filter((watcher) => watcher !== actor)) {
    const { id } = db.run(
      "INSERT INTO notifications (user_id, project_id, reason, subject, url, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      user,
      project.id,
      type,
      subject,
      url,
      now,
    );
    const notification = {
      id,
      project_id: project.id,
      reason: type,
      subject,
      url,
      read: false,
      created_at: now,
    };
    tellEvent(db, { type: "notification.created", users: [user], data: { notification, sender } });
  }
}

export function addNotificationRoutes(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;

  app.get(
    "/notifications",
    guarded(
      { kind: "user", scope: "notifications:read" },
      {
        summary: "The user's notifications",
        tags: ["notifications"],
        querystring: PageQuery,
        response: { 200: Type.Array(Notification) },
      },
    ),
    (request, reply) => {
      const { user } = actorOf(request);
      const sql = `SELECT ${COLUMNS} FROM notifications WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?`;
      const read = (after: number, countMax: number): readonly Notification[] =>
        db.all<NotificationRow>(sql, user, after, countMax).map(toNotification);
      return page(reply, request.query, read, (notification) => notification.id);
    },
  );

  app.patch(
    "/notifications/:id",
    guarded(
      { kind: "user", scope: "notifications:write" },
      {
        summary: "Mark a notification as read or unread",
        tags: ["notifications"],
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        body: Type.Object({ read: Type.Boolean() }, { additionalProperties: false }),
        response: { 200: Notification },
      },
    ),
    (request, reply) =>
      change(deps, request, reply, 200, () => {
        const { user } = actorOf(request);
        const { read } = request.body;
        const before = db.one<NotificationRow>(
          `SELECT ${COLUMNS} FROM notifications WHERE id = ? AND user_id = ?`,
          request.params.id,
          user,
        );
        if (before === null) throw new Refusal("not-found");
        const notification = { ...toNotification(before), read };
        if (toNotification(before).read === read) return notification;
        db.run("UPDATE notifications SET read = ? WHERE id = ?", read ? 1 : 0, notification.id);
        tellEvent(db, {
          type: `notification.${read ? "read" : "unread"}`,
          users: [user],
          data: { notification, sender: senderOf(db, user) },
        });
        return notification;
      }),
  );
}
