/**
 * What every operation tells whom: the authorisation matrix. `matrix.test.ts` tries each cell with real credentials,
 * and tidy fails while an operation of the OpenAPI documents is missing here.
 */

/** Callers whose credentials are good, seen from a thing of an app (its hook, a delivery or a grant of its user). */
export const CALLERS = [
  /** The app that the thing belongs to. */
  "app",
  /** The token of the grant that the thing concerns. */
  "grant",
  /** A token of the same app for another user. */
  "sibling",
  /** The personal token of the user whom the thing concerns. */
  "user",
  "otherApp",
  /** The same user's grant to another app. */
  "otherGrant",
  "otherUser",
] as const;
export type CallerName = (typeof CALLERS)[number];

/** `own`: 2xx, and the answer is made of the caller's own things alone. */
export type Told = "yes" | "own" | 403 | 404;
export type Row = Readonly<Record<CallerName, Told>>;

export type Rule =
  /** Takes the operator key; everybody else gets 401. */
  | { readonly kind: "operator" }
  /** For everybody; on the public listener bad credentials are 401 all the same. */
  | { readonly kind: "open" }
  /** Bad credentials and none are 401; the others get what their row says. */
  | {
      readonly kind: "callers";
      /** For a thing of an app, or where no thing is named. */
      readonly app: Row;
      /** For a thing that belongs to the user itself; it concerns no app. */
      readonly user?: Row;
    };

const OPERATOR: Rule = { kind: "operator" };
const OPEN: Rule = { kind: "open" };

const nobody = {
  app: 404,
  grant: 404,
  sibling: 404,
  user: 404,
  otherApp: 404,
  otherGrant: 404,
  otherUser: 404,
} as const satisfies Row;

const everyone = {
  app: "own",
  grant: "own",
  sibling: "own",
  user: "own",
  otherApp: "own",
  otherGrant: "own",
  otherUser: "own",
} as const satisfies Row;

/** The same for everybody who is somebody. */
const anyCaller: Rule = {
  kind: "callers",
  app: {
    app: "yes",
    grant: "yes",
    sibling: "yes",
    user: "yes",
    otherApp: "yes",
    otherGrant: "yes",
    otherUser: "yes",
  },
};

const noGrantToken = { grant: 403, sibling: 403, otherGrant: 403 } as const;
const usersOwn: Row = { ...nobody, user: "yes" };

const readHook: Rule = {
  kind: "callers",
  app: { ...nobody, app: "yes", grant: "yes", sibling: "yes" },
  user: usersOwn,
};
const changeHook: Rule = {
  kind: "callers",
  app: { ...nobody, app: "yes", grant: 403, sibling: 403 },
  user: usersOwn,
};
const userSecret: Rule = {
  kind: "callers",
  app: { ...nobody, app: "yes", grant: 403, sibling: 403 },
  user: nobody,
};
const feed: Rule = changeHook;
const ownGrant: Rule = {
  kind: "callers",
  app: { ...nobody, ...noGrantToken, app: "yes", user: "yes" },
};

const ownReplay: Rule = {
  kind: "callers",
  app: { ...nobody, ...noGrantToken, app: "yes" },
  user: { ...usersOwn, ...noGrantToken },
};

export const INTEGRATOR_MATRIX: Readonly<Record<string, Rule>> = {
  "GET /integrations/event-types": anyCaller,
  "GET /integrations/event-types/{type}": anyCaller,
  "POST /integrations/hooks": { kind: "callers", app: { ...everyone, ...noGrantToken } },
  "GET /integrations/hooks": { kind: "callers", app: everyone },
  "GET /integrations/hooks/{hook}": readHook,
  "PATCH /integrations/hooks/{hook}": changeHook,
  "DELETE /integrations/hooks/{hook}": changeHook,
  "POST /integrations/hooks/{hook}/pings": changeHook,
  "POST /integrations/hooks/{hook}/tests": changeHook,
  "GET /integrations/hooks/{hook}/events": feed,
  "POST /integrations/hooks/{hook}/events/ack": feed,
  "POST /integrations/hooks/{hook}/secret": changeHook,
  "GET /integrations/hooks/{hook}/secrets/{user}": userSecret,
  "POST /integrations/hooks/{hook}/secrets/{user}": userSecret,
  "GET /integrations/deliveries": { kind: "callers", app: everyone },
  "GET /integrations/deliveries/{delivery}": {
    kind: "callers",
    app: { ...nobody, app: "yes", grant: "yes" },
    user: usersOwn,
  },
  "POST /integrations/deliveries/{delivery}/attempts": {
    kind: "callers",
    app: { ...nobody, app: "yes", grant: 403 },
    user: usersOwn,
  },
  "POST /integrations/replays": { kind: "callers", app: { ...everyone, ...noGrantToken } },
  "GET /integrations/replays": { kind: "callers", app: { ...everyone, ...noGrantToken } },
  "GET /integrations/replays/{replay}": ownReplay,
  "PATCH /integrations/replays/{replay}": ownReplay,
  "DELETE /integrations/replays/{replay}": ownReplay,
  "GET /integrations/grants": { kind: "callers", app: { ...everyone, ...noGrantToken } },
  "GET /integrations/grants/{grant}": ownGrant,
  "DELETE /integrations/grants/{grant}": ownGrant,
  "GET /integrations/app": {
    kind: "callers",
    app: { ...everyone, ...noGrantToken, user: 403, otherUser: 403 },
  },
  "GET /integrations/policy": OPEN,
  "GET /integrations/openapi.json": OPEN,
  "GET /integrations/problems": OPEN,
  "GET /integrations/reference": OPEN,
  "GET /integrations/meta": OPEN,
  "GET /meta": OPEN,
  "GET /integrations/rate_limit": OPEN,
  "GET /rate_limit": OPEN,
};

export const PROVIDER_MATRIX: Readonly<Record<string, Rule>> = {
  "POST /v1/users": OPERATOR,
  "GET /v1/users": OPERATOR,
  "GET /v1/users/{user}": OPERATOR,
  "PUT /v1/users/{user}": OPERATOR,
  "DELETE /v1/users/{user}": OPERATOR,
  "POST /v1/users/{user}/erasures": OPERATOR,
  "GET /v1/erasures/{erasure}": OPERATOR,
  "POST /v1/apps": OPERATOR,
  "GET /v1/apps": OPERATOR,
  "GET /v1/apps/{app}": OPERATOR,
  "PATCH /v1/apps/{app}": OPERATOR,
  "DELETE /v1/apps/{app}": OPERATOR,
  "POST /v1/apps/{app}/secret": OPERATOR,
  "POST /v1/grants": OPERATOR,
  "GET /v1/grants": OPERATOR,
  "GET /v1/grants/{grant}": OPERATOR,
  "PATCH /v1/grants/{grant}": OPERATOR,
  "DELETE /v1/grants/{grant}": OPERATOR,
  "POST /v1/tokens": OPERATOR,
  "GET /v1/tokens": OPERATOR,
  "GET /v1/tokens/{token}": OPERATOR,
  "DELETE /v1/tokens/{token}": OPERATOR,
  "GET /v1/groups": OPERATOR,
  "GET /v1/groups/{group}": OPERATOR,
  "DELETE /v1/groups/{group}": OPERATOR,
  "GET /v1/groups/{group}/users": OPERATOR,
  "PUT /v1/groups/{group}/users/{user}": OPERATOR,
  "DELETE /v1/groups/{group}/users/{user}": OPERATOR,
  "PUT /v1/event-types/{type}": OPERATOR,
  "GET /v1/event-types": OPERATOR,
  "GET /v1/event-types/{type}": OPERATOR,
  "DELETE /v1/event-types/{type}": OPERATOR,
  "GET /v1/event-types/{type}/versions": OPERATOR,
  "POST /v1/events": OPERATOR,
  "POST /v1/events/batch": OPERATOR,
  "POST /v1/hooks": OPERATOR,
  "GET /v1/hooks": OPERATOR,
  "GET /v1/hooks/{hook}": OPERATOR,
  "PATCH /v1/hooks/{hook}": OPERATOR,
  "DELETE /v1/hooks/{hook}": OPERATOR,
  "POST /v1/hooks/{hook}/pings": OPERATOR,
  "POST /v1/hooks/{hook}/tests": OPERATOR,
  "GET /v1/hooks/{hook}/events": OPERATOR,
  "POST /v1/hooks/{hook}/events/ack": OPERATOR,
  "POST /v1/hooks/{hook}/secret": OPERATOR,
  "GET /v1/deliveries": OPERATOR,
  "GET /v1/deliveries/{delivery}": OPERATOR,
  "POST /v1/deliveries/{delivery}/attempts": OPERATOR,
  "POST /v1/replays": OPERATOR,
  "GET /v1/replays": OPERATOR,
  "GET /v1/replays/{replay}": OPERATOR,
  "PATCH /v1/replays/{replay}": OPERATOR,
  "DELETE /v1/replays/{replay}": OPERATOR,
  "GET /v1/standings": OPERATOR,
  "GET /v1/standings/{subject}": OPERATOR,
  "PUT /v1/standings/{subject}": OPERATOR,
  "DELETE /v1/standings/{subject}": OPERATOR,
  "GET /v1/audit": OPERATOR,
  "GET /v1/policy": OPERATOR,
  "GET /v1/openapi.json": OPERATOR,
  "GET /metrics": OPERATOR,
  "GET /healthz": OPEN,
  "GET /readyz": OPEN,
  "GET /problems": OPEN,
  "GET /reference": OPEN,
};

export const MATRIX: Readonly<Record<string, Rule>> = { ...INTEGRATOR_MATRIX, ...PROVIDER_MATRIX };
