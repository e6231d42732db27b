/** What the tracker's events are called, and what stands in them. TruLinks is told at each start, before any event. */
import { type TObject, type TProperties, type TSchema, Type } from "typebox";
import type { Database } from "./database.ts";
import { tellEventType } from "./outbox.ts";
import { Comment } from "./resources/comments.ts";
import { UserId } from "./resources/fields.ts";
import { Issue } from "./resources/issues.ts";
import { Notification } from "./resources/notifications.ts";
import { Project } from "./resources/projects.ts";
import { PullRequest } from "./resources/pull-requests.ts";

export interface EventType {
  readonly type: string;
  readonly description: string;
  readonly schema: TObject;
  /** Hooks that are not secured get null in its place. */
  readonly sensitive: readonly string[];
}

/** Who did it. Only events have the address; the API shows it to nobody. */
const Sender = Type.Object({
  id: UserId,
  name: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
});

function eventType(type: string, description: string, members: Record<string, TSchema>): EventType {
  const schema = Type.Object({ ...(members as TProperties), sender: Sender });
  return { type, description, schema, sensitive: ["/sender/email"] };
}

export const EVENT_TYPES: readonly EventType[] = [
  eventType("project.created", "A project was made.", { project: Project }),
  eventType("issue.opened", "An issue was opened.", { issue: Issue, project: Project }),
  eventType("issue.edited", "An issue's title or text was changed.", { issue: Issue, project: Project }),
  eventType("issue.closed", "An issue was closed.", { issue: Issue, project: Project }),
  eventType("issue.reopened", "A closed issue was opened again.", { issue: Issue, project: Project }),
  eventType("issue.comment.created", "Somebody commented on an issue.", {
    issue: Issue,
    comment: Comment,
    project: Project,
  }),
  eventType("pull_request.opened", "A pull request was opened.", {
    pull_request: PullRequest,
    project: Project,
  }),
  eventType("pull_request.merged", "A pull request was merged.", {
    pull_request: PullRequest,
    project: Project,
  }),
  eventType("notification.created", "A user was notified of what happened in a project.", {
    notification: Notification,
  }),
  eventType("notification.read", "A user marked a notification as read.", { notification: Notification }),
  eventType("notification.unread", "A user marked a notification as unread.", { notification: Notification }),
];

/** The same again changes nothing at TruLinks; what is still to be told is not told twice. */
export function tellEventTypes(db: Database): void {
  db.transaction(() => {
    for (const { type, description, schema, sensitive } of EVENT_TYPES) {
      tellEventType(db, type, { description, schema, sensitive });
    }
  });
}
