import { type Static, Type } from "typebox";
import { actorOf, callerOf, guarded } from "../access.ts";
import type { Caller } from "../caller.ts";
import { change, type TrackerDeps } from "../change.ts";
import type { Database } from "../database.ts";
import { PageQuery, page } from "../pages.ts";
import { fieldRefusal, Refusal } from "../problems.ts";
import type { TrackerApp } from "../server.ts";
import { ProjectPath, Text, Time, UserId } from "./fields.ts";
import { tellWatchers } from "./notifications.ts";
import { watch } from "./watching.ts";

const NewProject = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$", description: "Such as `apollo`" }),
    description: Type.Optional(Text),
    public: Type.Optional(Type.Boolean({ description: "True if left out" })),
  },
  { additionalProperties: false },
);
export const Project = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  description: Text,
  public: Type.Boolean(),
  owner: UserId,
  created_at: Time,
});
export type Project = Static<typeof Project>;

const COLUMNS = "id, name, description, public, owner, created_at";
type ProjectRow = Omit<Project, "public"> & { readonly public: number };
const toProject = (row: ProjectRow): Project => ({ ...row, public: row.public === 1 });

/** What is not public is there for its owner and its watchers only; to all others it is not found. */
const VISIBLE = `(public = 1 OR owner = ?
  OR EXISTS (SELECT 1 FROM watchers WHERE watchers.project_id = projects.id AND watchers.user_id = ?))`;

export function findProject(db: Database, caller: Caller, id: number): Project {
  const viewer = viewerOf(caller);
  const row = db.one<ProjectRow>(
    `SELECT ${COLUMNS} FROM projects WHERE id = ? AND ${VISIBLE}`,
    id,
    viewer,
    viewer,
  );
  if (row === null) throw new Refusal("not-found");
  return toProject(row);
}

/** The next number of an issue or pull request; they share one series, as at GitHub. */
export function takeNumber(db: Database, projectId: number): number {
  const taken = db.one<{ last_number: number }>(
    "UPDATE projects SET last_number = last_number + 1 WHERE id = ? RETURNING last_number",
    projectId,
  );
  if (taken === null) throw new Refusal("not-found");
  return taken.last_number;
}

export function addProjectRoutes(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;

  app.post(
    "/projects",
    guarded(
      { kind: "user", scope: "projects:write" },
      { summary: "Make a project", tags: ["projects"], body: NewProject, response: { 201: Project } },
    ),
    (request, reply) =>
      change(deps, request, reply, 201, (now) => {
        const { name, description = null, public: isPublic = true } = request.body;
        const { user } = actorOf(request);
        if (db.one("SELECT 1 FROM projects WHERE name = ?", name) !== null) {
          throw fieldRefusal("Project", "name", "already_exists", "is taken by another project");
        }
        const { id } = db.run(
          "INSERT INTO projects (name, description, public, owner, created_at) VALUES (?, ?, ?, ?, ?)",
          name,
          description,
          isPublic ? 1 : 0,
          user,
          now,
        );
        watch(db, id, user);
        const project = findProject(db, callerOf(request), id);
        tellWatchers(db, {
          type: "project.created",
          project,
          actor: user,
          subject: name,
          url: `/projects/${id}`,
          now,
          data: {},
        });
        return project;
      }),
  );

  app.get(
    "/projects",
    guarded(
      { kind: "public", scope: "projects:read" },
      {
        summary: "Projects",
        tags: ["projects"],
        querystring: PageQuery,
        response: { 200: Type.Array(Project) },
      },
    ),
    (request, reply) => {
      const viewer = viewerOf(callerOf(request));
      const sql = `SELECT ${COLUMNS} FROM projects WHERE id > ? AND ${VISIBLE} ORDER BY id LIMIT ?`;
      const read = (after: number, countMax: number): readonly Project[] =>
        db.all<ProjectRow>(sql, after, viewer, viewer, countMax).map(toProject);
      return page(reply, request.query, read, (project) => project.id);
    },
  );

  app.get(
    "/projects/:project",
    guarded(
      { kind: "public", scope: "projects:read" },
      { summary: "A project", tags: ["projects"], params: ProjectPath, response: { 200: Project } },
    ),
    (request) => findProject(db, callerOf(request), request.params.project),
  );
}

/** No user has the empty id. */
function viewerOf(caller: Caller): string {
  return caller.kind === "user" ? caller.user : "";
}
