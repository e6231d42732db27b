import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { actorOf, callerOf, guarded } from "../access.ts";
import { change, type TrackerDeps } from "../change.ts";
import type { Database } from "../database.ts";
import { Refusal } from "../problems.ts";
import type { TrackerApp } from "../server.ts";
import { ProjectPath, UserId } from "./fields.ts";
import { findProject, type Project } from "./projects.ts";
import { isUser } from "./users.ts";
import { unwatch, watch, watchersOf } from "./watching.ts";

const WatcherPath = Type.Object({ project: Type.Integer({ minimum: 1 }), user: UserId });

export function addWatcherRoutes(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;

  app.get(
    "/projects/:project/watchers",
    guarded(
      { kind: "public", scope: "projects:read" },
      {
        summary: "Who watches a project",
        tags: ["projects"],
        params: ProjectPath,
        response: { 200: Type.Array(UserId) },
      },
    ),
    (request) => watchersOf(db, findProject(db, callerOf(request), request.params.project).id),
  );

  app.put(
    "/projects/:project/watchers/:user",
    guarded(
      { kind: "user", scope: "projects:write" },
      { summary: "Watch a project", tags: ["projects"], params: WatcherPath, response: { 204: Type.Null() } },
    ),
    (request, reply) =>
      change(deps, request, reply, 204, () => {
        const project = watchable(db, request, request.params);
        if (!isUser(db, request.params.user)) throw new Refusal("not-found");
        watch(db, project.id, request.params.user);
        return null;
      }),
  );

  app.delete(
    "/projects/:project/watchers/:user",
    guarded(
      { kind: "user", scope: "projects:write" },
      {
        summary: "Watch a project no more",
        tags: ["projects"],
        params: WatcherPath,
        response: { 204: Type.Null() },
      },
    ),
    (request, reply) =>
      change(deps, request, reply, 204, () => {
        const { id } = watchable(db, request, request.params);
        unwatch(db, id, request.params.user);
        return null;
      }),
  );
}

/** Users decide for themselves, and the project's owner for all. */
function watchable(db: Database, request: FastifyRequest, path: { project: number; user: string }): Project {
  const project = findProject(db, callerOf(request), path.project);
  const actor = actorOf(request).user;
  if (actor !== project.owner && actor !== path.user) throw new Refusal("forbidden");
  return project;
}
