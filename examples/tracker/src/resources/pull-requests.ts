import { type Static, Type } from "typebox";
import { actorOf, callerOf, guarded } from "../access.ts";
import { change, type TrackerDeps } from "../change.ts";
import type { Database } from "../database.ts";
import { PageQuery, page } from "../pages.ts";
import { fieldRefusal, Refusal } from "../problems.ts";
import type { TrackerApp } from "../server.ts";
import { App, NumberPath, ProjectPath, Text, Time, Title, UserId } from "./fields.ts";
import { tellWatchers } from "./notifications.ts";
import { findProject, type Project, takeNumber } from "./projects.ts";

const Branch = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$", description: "Such as `main`" });
const NewPullRequest = Type.Object(
  { title: Title, body: Type.Optional(Text), head: Branch, base: Branch },
  { additionalProperties: false },
);
export const PullRequest = Type.Object({
  number: Type.Integer(),
  title: Title,
  body: Text,
  head: Branch,
  base: Branch,
  state: Type.Union([Type.Literal("open"), Type.Literal("merged")]),
  author: UserId,
  app: App,
  created_at: Time,
  merged_at: Type.Union([Time, Type.Null()]),
});
type PullRequest = Static<typeof PullRequest>;

const COLUMNS = "number, title, body, head, base, state, author, app, created_at, merged_at";

export function addPullRequestRoutes(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;

  app.post(
    "/projects/:project/pull-requests",
    guarded(
      { kind: "user", scope: "pulls:write" },
      {
        summary: "Open a pull request",
        tags: ["pull requests"],
        params: ProjectPath,
        body: NewPullRequest,
        response: { 201: PullRequest },
      },
    ),
    (request, reply) =>
      change(deps, request, reply, 201, (now) => {
        const project = findProject(db, callerOf(request), request.params.project);
        return openPullRequest(db, project, { ...actorOf(request), ...request.body, now });
      }),
  );

  app.get(
    "/projects/:project/pull-requests",
    guarded(
      { kind: "public", scope: "pulls:read" },
      {
        summary: "Pull requests of a project",
        tags: ["pull requests"],
        params: ProjectPath,
        querystring: PageQuery,
        response: { 200: Type.Array(PullRequest) },
      },
    ),
    (request, reply) => {
      const { id } = findProject(db, callerOf(request), request.params.project);
      const sql = `SELECT ${COLUMNS} FROM pull_requests WHERE project_id = ? AND number > ? ORDER BY number LIMIT ?`;
      const read = (after: number, countMax: number): readonly PullRequest[] =>
        db.all<PullRequest>(sql, id, after, countMax);
      return page(reply, request.query, read, (pullRequest) => pullRequest.number);
    },
  );

  app.get(
    "/projects/:project/pull-requests/:number",
    guarded(
      { kind: "public", scope: "pulls:read" },
      {
        summary: "A pull request",
        tags: ["pull requests"],
        params: NumberPath,
        response: { 200: PullRequest },
      },
    ),
    (request) => {
      const project = findProject(db, callerOf(request), request.params.project);
      return findPullRequest(db, project, request.params.number);
    },
  );

  addMergeRoute(app, deps);
}

function addMergeRoute(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;
  app.put(
    "/projects/:project/pull-requests/:number/merge",
    guarded(
      { kind: "user", scope: "pulls:write" },
      {
        summary: "Merge a pull request (the project's owner)",
        tags: ["pull requests"],
        params: NumberPath,
        response: { 200: PullRequest },
      },
    ),
    (request, reply) =>
      change(deps, request, reply, 200, (now) => {
        const project = findProject(db, callerOf(request), request.params.project);
        const actor = actorOf(request).user;
        if (actor !== project.owner) throw new Refusal("forbidden");
        return mergePullRequest(db, project, { number: request.params.number, actor, now });
      }),
  );
}

interface NewPullRequestFacts extends Static<typeof NewPullRequest> {
  readonly user: string;
  readonly app: string | null;
  readonly now: string;
}

function openPullRequest(db: Database, project: Project, facts: NewPullRequestFacts): PullRequest {
  const { user, app, title, body = null, head, base, now } = facts;
  if (head === base) throw fieldRefusal("PullRequest", "head", "invalid", "must be another branch than base");
  const number = takeNumber(db, project.id);
  db.run(
    `INSERT INTO pull_requests (project_id, number, title, body, head, base, state, author, app, created_at)
     VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)`,
    project.id,
    number,
    title,
    body,
    head,
    base,
    user,
    app,
    now,
  );
  return tell(db, "opened", { project, number, actor: user, now });
}

/** Merging what is merged changes nothing and tells nobody. */
function mergePullRequest(
  db: Database,
  project: Project,
  { number, actor, now }: { number: number; actor: string; now: string },
): PullRequest {
  const { state } = findPullRequest(db, project, number);
  if (state === "merged") return findPullRequest(db, project, number);
  db.run(
    "UPDATE pull_requests SET state = 'merged', merged_at = ? WHERE project_id = ? AND number = ?",
    now,
    project.id,
    number,
  );
  return tell(db, "merged", { project, number, actor, now });
}

function tell(
  db: Database,
  action: "opened" | "merged",
  { project, number, actor, now }: { project: Project; number: number; actor: string; now: string },
): PullRequest {
  const pullRequest = findPullRequest(db, project, number);
  tellWatchers(db, {
    type: `pull_request.${action}`,
    project,
    actor,
    subject: `#${number} ${pullRequest.title} (${action})`,
    url: `/projects/${project.id}/pull-requests/${number}`,
    now,
    data: { pull_request: pullRequest },
  });
  return pullRequest;
}

function findPullRequest(db: Database, project: Project, number: number): PullRequest {
  const sql = `SELECT ${COLUMNS} FROM pull_requests WHERE project_id = ? AND number = ?`;
  const pullRequest = db.one<PullRequest>(sql, project.id, number);
  if (pullRequest === null) throw new Refusal("not-found");
  return pullRequest;
}
