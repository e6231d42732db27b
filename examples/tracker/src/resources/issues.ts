import { type Static, Type } from "typebox";
import { actorOf, callerOf, guarded } from "../access.ts";
import { change, type TrackerDeps } from "../change.ts";
import type { Database } from "../database.ts";
import { PageQuery, page } from "../pages.ts";
import { Refusal } from "../problems.ts";
import type { TrackerApp } from "../server.ts";
import { App, NumberPath, ProjectPath, Text, Time, Title, UserId } from "./fields.ts";
import { tellWatchers } from "./notifications.ts";
import { findProject, type Project, takeNumber } from "./projects.ts";

const State = Type.Union([Type.Literal("open"), Type.Literal("closed")]);
const NewIssue = Type.Object({ title: Title, body: Type.Optional(Text) }, { additionalProperties: false });
const IssueChange = Type.Object(
  { title: Type.Optional(Title), body: Type.Optional(Text), state: Type.Optional(State) },
  { additionalProperties: false, minProperties: 1 },
);
export const Issue = Type.Object({
  number: Type.Integer(),
  title: Title,
  body: Text,
  state: State,
  author: UserId,
  app: App,
  created_at: Time,
  closed_at: Type.Union([Time, Type.Null()]),
});
export type Issue = Static<typeof Issue>;

const COLUMNS = "number, title, body, state, author, app, created_at, closed_at";

export function findIssue(db: Database, project: Project, number: number): Issue {
  const sql = `SELECT ${COLUMNS} FROM issues WHERE project_id = ? AND number = ?`;
  const issue = db.one<Issue>(sql, project.id, number);
  if (issue === null) throw new Refusal("not-found");
  return issue;
}

export function urlOf(project: Project, issue: Issue): string {
  return `/projects/${project.id}/issues/${issue.number}`;
}

export function addIssueRoutes(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;

  app.post(
    "/projects/:project/issues",
    guarded(
      { kind: "user", scope: "issues:write" },
      {
        summary: "Open an issue",
        tags: ["issues"],
        params: ProjectPath,
        body: NewIssue,
        response: { 201: Issue },
      },
    ),
    (request, reply) =>
      change(deps, request, reply, 201, (now) => {
        const project = findProject(db, callerOf(request), request.params.project);
        return openIssue(db, project, { ...actorOf(request), ...request.body, now });
      }),
  );

  app.get(
    "/projects/:project/issues",
    guarded(
      { kind: "public", scope: "issues:read" },
      {
        summary: "Issues of a project",
        tags: ["issues"],
        params: ProjectPath,
        querystring: PageQuery,
        response: { 200: Type.Array(Issue) },
      },
    ),
    (request, reply) => {
      const { id } = findProject(db, callerOf(request), request.params.project);
      const sql = `SELECT ${COLUMNS} FROM issues WHERE project_id = ? AND number > ? ORDER BY number LIMIT ?`;
      const read = (after: number, countMax: number): readonly Issue[] =>
        db.all<Issue>(sql, id, after, countMax);
      return page(reply, request.query, read, (issue) => issue.number);
    },
  );

  app.get(
    "/projects/:project/issues/:number",
    guarded(
      { kind: "public", scope: "issues:read" },
      { summary: "An issue", tags: ["issues"], params: NumberPath, response: { 200: Issue } },
    ),
    (request) => {
      const project = findProject(db, callerOf(request), request.params.project);
      return findIssue(db, project, request.params.number);
    },
  );

  app.patch(
    "/projects/:project/issues/:number",
    guarded(
      { kind: "user", scope: "issues:write" },
      {
        summary: "Edit, close or reopen an issue (its author, or the project's owner)",
        tags: ["issues"],
        params: NumberPath,
        body: IssueChange,
        response: { 200: Issue },
      },
    ),
    (request, reply) =>
      change(deps, request, reply, 200, (now) => {
        const project = findProject(db, callerOf(request), request.params.project);
        const issue = findIssue(db, project, request.params.number);
        const actor = actorOf(request).user;
        if (actor !== issue.author && actor !== project.owner) throw new Refusal("forbidden");
        return changeIssue(db, { project, issue, actor, now }, request.body);
      }),
  );
}

interface NewIssueFacts extends Static<typeof NewIssue> {
  readonly user: string;
  readonly app: string | null;
  readonly now: string;
}

function openIssue(
  db: Database,
  project: Project,
  { user, app, title, body = null, now }: NewIssueFacts,
): Issue {
  const number = takeNumber(db, project.id);
  db.run(
    "INSERT INTO issues (project_id, number, title, body, state, author, app, created_at) VALUES (?, ?, ?, ?, 'open', ?, ?, ?)",
    project.id,
    number,
    title,
    body,
    user,
    app,
    now,
  );
  const issue = findIssue(db, project, number);
  const subject = `#${number} ${title}`;
  tellWatchers(db, {
    type: "issue.opened",
    project,
    actor: user,
    subject,
    url: urlOf(project, issue),
    now,
    data: { issue },
  });
  return issue;
}

interface IssueFacts {
  readonly project: Project;
  readonly issue: Issue;
  readonly actor: string;
  readonly now: string;
}

/** One change is one event: closing and reopening say so, all else is an edit, and what changes nothing is none. */
function changeIssue(
  db: Database,
  { project, issue, actor, now }: IssueFacts,
  wanted: Static<typeof IssueChange>,
): Issue {
  const { title, body, state } = { ...issue, ...wanted };
  if (title === issue.title && body === issue.body && state === issue.state) return issue;
  db.run(
    "UPDATE issues SET title = ?, body = ?, state = ?, closed_at = ? WHERE project_id = ? AND number = ?",
    title,
    body,
    state,
    state === "closed" ? (issue.closed_at ?? now) : null,
    project.id,
    issue.number,
  );
  const changed = findIssue(db, project, issue.number);
  const action = state === issue.state ? "edited" : state === "closed" ? "closed" : "reopened";
  tellWatchers(db, {
    type: `issue.${action}`,
    project,
    actor,
    subject: `#${issue.number} ${title} (${action})`,
    url: urlOf(project, issue),
    now,
    data: { issue: changed },
  });
  return changed;
}
