/** Puts the tracker together: database, routes, publisher. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from "fastify";
import { checkAccess, type RouteConfig, SCOPES } from "./access.ts";
import { identifyCaller } from "./caller.ts";
import { tellEventTypes } from "./catalogue.ts";
import type { TrackerDeps } from "./change.ts";
import { openDatabase } from "./database.ts";
import { outboxName } from "./outbox.ts";
import { Refusal } from "./problems.ts";
import { startPublisher } from "./publisher.ts";
import { answerNotFound, answerProblem } from "./refusals.ts";
import { addCommentRoutes } from "./resources/comments.ts";
import { addIssueRoutes } from "./resources/issues.ts";
import { addNotificationRoutes } from "./resources/notifications.ts";
import { addOutboxRoutes } from "./resources/outbox-status.ts";
import { addProjectRoutes } from "./resources/projects.ts";
import { addPullRequestRoutes } from "./resources/pull-requests.ts";
import { addUserRoutes, isUser } from "./resources/users.ts";
import { addWatcherRoutes } from "./resources/watchers.ts";
import type { Settings } from "./settings.ts";
import { validatorCompiler } from "./validation.ts";

export type TrackerApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface Tracker {
  readonly url: string;
  /** Takes nothing new, finishes what is under way and closes the database. */
  stop(): Promise<void>;
}

const BODY_BYTES_MAX = 64 * 1024;

export async function startTracker(settings: Settings, warn: (sentence: string) => void): Promise<Tracker> {
  const db = openDatabase(settings.dataFolder);
  const now = Date.now;
  const { trulinksUrl, operatorKey } = settings;
  const name = outboxName(db, () => `tracker-${randomUUID()}`);
  tellEventTypes(db);
  const publisher = startPublisher({ db, outboxName: name, trulinksUrl, operatorKey, now, warn });
  const app = await buildApp({ db, now, wake: publisher.wake }, settings, warn);

  async function stop(): Promise<void> {
    await app.close();
    await publisher.stop();
    db.close();
  }
  try {
    const url = await app.listen({ host: settings.host, port: settings.port });
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function buildApp(
  deps: TrackerDeps,
  settings: Settings,
  warn: (sentence: string) => void,
): Promise<TrackerApp> {
  const app: TrackerApp = fastify({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: "idle" });
  app.setValidatorCompiler(validatorCompiler);
  // Answers are built here, member by member; a serializer per schema would only cost time at start.
  app.setSerializerCompiler(() => JSON.stringify);
  // Fastify would take text for a string.
  app.removeContentTypeParser("text/plain");
  app.setErrorHandler((error, request, reply) => answerProblem(error, request, reply, warn));
  app.setNotFoundHandler(answerNotFound);

  app.decorateRequest("caller");
  app.addHook("onRequest", async (request) => {
    const received = { method: request.method, target: request.raw.url ?? "", headers: request.headers };
    const caller = await identifyCaller(settings, received, deps.now());
    if (caller === null) throw new Refusal("bad-identity");
    if (caller.kind === "user" && !isUser(deps.db, caller.user)) {
      throw new Refusal("unauthenticated", `The user ${caller.user} is not known here.`);
    }
    request.setDecorator("caller", caller);
    const { access } = request.routeOptions.config as RouteConfig;
    if (access) checkAccess(access, caller);
  });

  app.addHook("onRoute", ({ method, url, schema }) => {
    if (method !== "POST" || !schema) return;
    // The gateway need not keep answers: this API keeps them with the change itself.
    Object.assign(schema, { "x-trulinks-idempotency": "upstream" });
    // The gateway is to limit what notifies people.
    if (NOTIFYING.test(url)) Object.assign(schema, { "x-trulinks-content": true });
  });
  await app.register(swagger, { openapi: DOCUMENT });
  addRoutes(app, deps);
  return app;
}

function addRoutes(app: TrackerApp, deps: TrackerDeps): void {
  app.get("/healthz", { schema: { hide: true } }, () => ({ status: "ok" }));
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  addUserRoutes(app, deps);
  addProjectRoutes(app, deps);
  addWatcherRoutes(app, deps);
  addIssueRoutes(app, deps);
  addCommentRoutes(app, deps);
  addPullRequestRoutes(app, deps);
  addNotificationRoutes(app, deps);
  addOutboxRoutes(app, deps);
}

const NOTIFYING = /\/(issues|comments|pull-requests)$/;

const DOCUMENT = {
  openapi: "3.1.0",
  info: {
    title: "Tracker",
    version: "1.0.0",
    description: `Issues, comments and pull requests, served behind TruLinks. Scopes: ${Object.entries(SCOPES)
      .map(([scope, meaning]) => `\`${scope}\` (${meaning.toLowerCase()})`)
      .join(", ")}.`,
  },
  components: {
    securitySchemes: {
      token: {
        type: "http" as const,
        scheme: "bearer",
        description: "A token from TruLinks, checked by its gateway",
      },
      operator: {
        type: "http" as const,
        scheme: "bearer",
        description: "The operator key, sent to the tracker itself",
      },
    },
  },
};
