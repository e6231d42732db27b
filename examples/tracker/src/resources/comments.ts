import { type Static, Type } from "typebox";
import { actorOf, callerOf, guarded } from "../access.ts";
import { change, type TrackerDeps } from "../change.ts";
import { PageQuery, page } from "../pages.ts";
import type { TrackerApp } from "../server.ts";
import { App, NumberPath, Time, UserId } from "./fields.ts";
import { findIssue, urlOf } from "./issues.ts";
import { tellWatchers } from "./notifications.ts";
import { findProject } from "./projects.ts";

const Body = Type.String({ minLength: 1, maxLength: 32_768 });
const NewComment = Type.Object({ body: Body }, { additionalProperties: false });
export const Comment = Type.Object({
  id: Type.Integer(),
  body: Body,
  author: UserId,
  app: App,
  created_at: Time,
});
type Comment = Static<typeof Comment>;

const PATH = "/projects/:project/issues/:number/comments";

export function addCommentRoutes(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;

  app.post(
    PATH,
    guarded(
      { kind: "user", scope: "issues:write" },
      {
        summary: "Comment on an issue",
        tags: ["issues"],
        params: NumberPath,
        body: NewComment,
        response: { 201: Comment },
      },
    ),
    (request, reply) =>
      change(deps, request, reply, 201, (now) => {
        const project = findProject(db, callerOf(request), request.params.project);
        const issue = findIssue(db, project, request.params.number);
        const { user, app: via } = actorOf(request);
        const { body } = request.body;
        const { id } = db.run(
          "INSERT INTO comments (project_id, issue, body, author, app, created_at) VALUES (?, ?, ?, ?, ?, ?)",
          project.id,
          issue.number,
          body,
          user,
          via,
          now,
        );
        const comment: Comment = { id, body, author: user, app: via, created_at: now };
        tellWatchers(db, {
          type: "issue.comment.created",
          project,
          actor: user,
          subject: `Comment on #${issue.number} ${issue.title}`,
          url: urlOf(project, issue),
          now,
          data: { issue, comment },
        });
        return comment;
      }),
  );

  app.get(
    PATH,
    guarded(
      { kind: "public", scope: "issues:read" },
      {
        summary: "Comments on an issue",
        tags: ["issues"],
        params: NumberPath,
        querystring: PageQuery,
        response: { 200: Type.Array(Comment) },
      },
    ),
    (request, reply) => {
      const project = findProject(db, callerOf(request), request.params.project);
      const { number } = findIssue(db, project, request.params.number);
      const sql =
        "SELECT id, body, author, app, created_at FROM comments WHERE project_id = ? AND issue = ? AND id > ? ORDER BY id LIMIT ?";
      const read = (after: number, countMax: number): readonly Comment[] =>
        db.all<Comment>(sql, project.id, number, after, countMax);
      return page(reply, request.query, read, (comment) => comment.id);
    },
  );
}
