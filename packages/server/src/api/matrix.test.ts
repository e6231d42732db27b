import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { GrantId, TokenId, UserId } from "@trulinks/protocol";
import {
  type Answer,
  type Apis,
  type Method,
  OPERATOR,
  openApis,
  type Sent,
} from "./api-fixtures.contract.ts";
import { CALLERS, type CallerName, INTEGRATOR_MATRIX, MATRIX, PROVIDER_MATRIX, type Row } from "./matrix.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

interface Side {
  readonly user: string;
  readonly userToken: string;
  readonly app: string;
  readonly basic: string;
  readonly clientId: string;
  readonly grant: string;
  readonly grantToken: string;
  readonly appHook: string;
  readonly userHook: string;
}

/** Two users, two apps, all four grants but one, hooks of all, and an event for each user. */
interface World {
  readonly one: Side;
  readonly other: Side;
  readonly siblingToken: string;
  readonly otherGrantToken: string;
  readonly credentials: Readonly<Record<CallerName, string>>;
  /** The delivery of the one user's event to the one app's hook, and to the one user's own. */
  readonly appDelivery: string;
  readonly userDelivery: string;
}

let count = 0;

async function make(path: string, body: object): Promise<Answer["json"]> {
  const answer = await apis.ask({ method: "POST", path, body });
  assert.ok(answer.status < 300, answer.text);
  return answer.json;
}

async function makeToken(body: object): Promise<{ id: string; token: string; grant: string }> {
  const { id, token, grant } = await make("/v1/tokens", body);
  return { id, token: `Bearer ${token}`, grant };
}

async function makeSide(): Promise<Side> {
  const user = `user-${++count}`;
  await make("/v1/users", { id: user });
  const app = await make("/v1/apps", { name: "An app" });
  const { token: userToken } = await makeToken({ user });
  const { token: grantToken, grant } = await makeToken({ user, app: app.id });
  const hook = { url: "https://example.com/hooks", events: ["*"] };
  return {
    user,
    userToken,
    app: app.id,
    clientId: app.client_id,
    basic: basic(app.client_id, app.client_secret),
    grant,
    grantToken,
    appHook: (await make("/v1/hooks", { ...hook, app: app.id })).id,
    userHook: (await make("/v1/hooks", { ...hook, user })).id,
  };
}

async function makeWorld(): Promise<World> {
  const [one, other] = [await makeSide(), await makeSide()];
  const { token: siblingToken } = await makeToken({ user: other.user, app: one.app });
  const { token: otherGrantToken } = await makeToken({ user: one.user, app: other.app });
  for (const user of [one.user, other.user])
    await make("/v1/events", { type: "a.b", users: [user], data: {} });
  return {
    one,
    other,
    siblingToken,
    otherGrantToken,
    credentials: {
      app: one.basic,
      grant: one.grantToken,
      sibling: siblingToken,
      user: one.userToken,
      otherApp: other.basic,
      otherGrant: otherGrantToken,
      otherUser: other.userToken,
    },
    appDelivery: await findDelivery(one.appHook, one.user),
    userDelivery: await findDelivery(one.userHook, one.user),
  };
}

async function findDelivery(hook: string, user: string): Promise<string> {
  const { json } = await apis.ask({ method: "GET", path: `/v1/deliveries?hook=${hook}&user=${user}` });
  return json.data[0].id;
}

function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
}

type Ids = Readonly<Record<"hook" | "user" | "delivery" | "grant", string>>;

function idsOf({ one, appDelivery, userDelivery }: World, of: "app" | "user"): Ids {
  return of === "app"
    ? { hook: one.appHook, user: one.user, delivery: appDelivery, grant: one.grant }
    : { hook: one.userHook, user: one.user, delivery: userDelivery, grant: one.grant };
}

const NOTHING: Ids = { hook: "hok_none", user: "nobody", delivery: "dlv_none", grant: "grn_none" };

const BODIES: Readonly<Record<string, object>> = {
  "POST /integrations/hooks": { url: "https://example.com/mine", events: ["a.*"] },
  "PATCH /integrations/hooks/{hook}": { events: ["a.*"] },
};

function sentOf(operation: string, ids: Ids, as: string | null): Sent {
  const [method = "", path = ""] = operation.split(" ");
  const body = BODIES[operation];
  return {
    method: method as Method,
    path: path.replaceAll(/\{([a-z]+)\}/g, (_, name: keyof Ids) => ids[name] ?? "some-id"),
    as,
    ...(body ? { body } : {}),
  };
}

/** All that a caller is told, but for what differs between any two answers. */
function told({ status, headers, text }: Answer): object {
  const { date, "trulinks-request": request, ...rest } = headers;
  return { status, rest, text };
}

test("the matrix names every operation of both documents, and none that there is not", () => {
  const operations = [apis.provider, apis.integrator].flatMap((api) =>
    Object.entries(api.swagger().paths ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
    ),
  );
  assert.deepEqual(Object.keys(MATRIX).toSorted(), operations.toSorted());
});

describe("whoever shows good credentials", () => {
  for (const [operation, rule] of Object.entries(INTEGRATOR_MATRIX)) {
    if (rule.kind !== "callers") continue;
    for (const [of, row] of [["app", rule.app] as const, ["user", rule.user] as const]) {
      if (row === undefined) continue;
      test(`${operation}, a thing of the ${of}: ${summary(row)}`, async () => {
        for (const caller of CALLERS) await tryCell(operation, of, caller, row);
      });
    }
  }
});

async function tryCell(operation: string, of: "app" | "user", caller: CallerName, row: Row): Promise<void> {
  const world = await makeWorld();
  const as = world.credentials[caller];
  const answer = await apis.askPublic(sentOf(operation, idsOf(world, of), as));
  const expected = row[caller];
  const at = `${caller}: ${answer.status} ${answer.text}`;
  if (expected === "yes" || expected === "own") {
    assert.ok(answer.status >= 200 && answer.status < 300, at);
    for (const hook of strangeHooks(world, caller)) assert.ok(!answer.text.includes(hook), at);
    return;
  }
  assert.equal(answer.status, expected, at);
  // What is hidden, or forbidden whatever it is, is told in the words used for what does not exist.
  if (expected === 404 || operation.includes("{grant}")) {
    assert.deepEqual(told(answer), told(await apis.askPublic(sentOf(operation, NOTHING, as))), at);
  }
}

/** The hooks that a caller must never hear of. */
function strangeHooks({ one, other }: World, caller: CallerName): readonly string[] {
  const known: Readonly<Record<CallerName, string>> = {
    app: one.appHook,
    grant: one.appHook,
    sibling: one.appHook,
    user: one.userHook,
    otherApp: other.appHook,
    otherGrant: other.appHook,
    otherUser: other.userHook,
  };
  return [one, other].flatMap((side) => [side.appHook, side.userHook]).filter((id) => id !== known[caller]);
}

function summary(row: Row): string {
  return CALLERS.map((caller) => `${caller} ${row[caller]}`).join(", ");
}

describe("whoever shows no credentials or bad ones", () => {
  for (const [operation, rule] of Object.entries(INTEGRATOR_MATRIX)) {
    const anonymous = rule.kind === "open" ? 200 : 401;
    test(`${operation}: ${anonymous} without, 401 with bad ones, whatever is asked for`, async () => {
      const world = await makeWorld();
      const bad = await makeBadCredentials(world);
      const first = await apis.askPublic(sentOf(operation, idsOf(world, "app"), null));
      assert.equal(first.status, anonymous, first.text);
      for (const [why, as] of Object.entries(bad)) {
        const answer = await apis.askPublic(sentOf(operation, idsOf(world, "app"), as));
        assert.equal(answer.status, 401, `${why}: ${answer.text}`);
        assert.equal(answer.json.type, "urn:trulinks:problem:bad-credentials", why);
        const nothing = await apis.askPublic(sentOf(operation, NOTHING, as));
        assert.deepEqual(told(answer), told(nothing), why);
      }
    });
  }
});

async function makeBadCredentials({ one, other }: World): Promise<Readonly<Record<string, string>>> {
  const { accounts } = apis.storage;
  const nowMs = Date.now();
  const expired = `tlu_expired_${count}`;
  await accounts.createToken({
    id: `tok_expired_${count}` as TokenId,
    hash: createHash("sha256").update(expired).digest(),
    userId: one.user as UserId,
    appId: null,
    newGrantId: "grn_unused" as GrantId,
    scopes: null,
    nowMs: nowMs - 10_000,
    expiresAtMs: nowMs - 1_000,
  });

  const revoked = await makeToken({ user: one.user });
  await apis.ask({ method: "DELETE", path: `/v1/tokens/${revoked.id}` });

  const { token: revokedGrantToken, grant } = await makeToken({ user: other.user, app: one.app });
  await apis.ask({ method: "DELETE", path: `/v1/grants/${grant}` });

  const gone = await makeSide();
  await apis.ask({ method: "DELETE", path: `/v1/users/${gone.user}` });
  const replaced = await makeSide();
  await make(`/v1/apps/${replaced.app}/secret`, {});
  const deleted = await makeSide();
  await apis.ask({ method: "DELETE", path: `/v1/apps/${deleted.app}` });

  return {
    "an unknown token": "Bearer tlu_0000000000000000000000000000000000000000",
    "an expired token": `Bearer ${expired}`,
    "a revoked token": revoked.token,
    "a token of a revoked grant": revokedGrantToken,
    "a personal token of a deleted user": gone.userToken,
    "a grant's token of a deleted user": gone.grantToken,
    "a grant's token of a deleted app": deleted.grantToken,
    "credentials of a deleted app": deleted.basic,
    "a replaced client secret": replaced.basic,
    "a wrong client secret": basic(one.clientId, "tlc_0000000000000000000000000000000000000000"),
    "an unknown client id": basic("client_none", "tlc_0000000000000000000000000000000000000000"),
    "the operator key": OPERATOR,
    "an empty header": "",
    "another scheme": "Digest abc",
    "a token as Basic": `Basic ${one.userToken.slice("Bearer ".length)}`,
  };
}

describe("the provider's listener", () => {
  for (const [operation, rule] of Object.entries(PROVIDER_MATRIX)) {
    test(`${operation}: ${rule.kind === "open" ? "for everybody" : "401 without the operator key"}`, async () => {
      const world = await makeWorld();
      const strangers: Readonly<Record<string, string | null>> = {
        nobody: null,
        "another key": `${OPERATOR}0`,
        "the key's beginning": OPERATOR.slice(0, -1),
        "the key as Basic": basic("operator", OPERATOR.slice("Bearer ".length)),
        ...world.credentials,
      };
      const answers: object[] = [];
      for (const [who, as] of Object.entries(strangers)) {
        const ids = {
          hook: world.one.appHook,
          user: world.one.user,
          delivery: world.appDelivery,
          grant: world.one.grant,
        };
        const { path, method } = sentOf(operation, ids, as);
        const answer = await apis.ask({ method, path, as });
        assert.equal(answer.status, rule.kind === "open" ? 200 : 401, `${who}: ${answer.text}`);
        answers.push(told(answer));
      }
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
    });
  }

  test("tells strangers the same of paths that there are and paths that there are not", async () => {
    const there = await apis.ask({ method: "GET", path: "/v1/users", as: null });
    const wrongMethod = await apis.ask({ method: "DELETE", path: "/v1/users", as: null });
    const nowhere = await apis.ask({ method: "GET", path: "/v1/nowhere", as: null });
    assert.deepEqual(told(nowhere), told(there));
    assert.deepEqual(told(wrongMethod), told(there));
  });
});

describe("a list", () => {
  const lists: readonly (readonly [string, (world: World) => Readonly<Record<string, readonly string[]>>])[] =
    [
      [
        "/integrations/hooks",
        ({ one, other }) => ({
          app: [one.appHook],
          grant: [one.appHook],
          sibling: [one.appHook],
          user: [one.userHook],
          otherApp: [other.appHook],
          otherUser: [other.userHook],
        }),
      ],
      [
        "/integrations/deliveries",
        ({ appDelivery, userDelivery }) => ({ grant: [appDelivery], user: [userDelivery] }),
      ],
    ];
  for (const [path, expectedOf] of lists) {
    test(`${path} holds the caller's own and no others`, async () => {
      const world = await makeWorld();
      for (const [caller, expected] of Object.entries(expectedOf(world))) {
        const as = world.credentials[caller as CallerName];
        const { json } = await apis.askPublic({ method: "GET", path, as });
        assert.deepEqual(idsIn(json), expected, caller);
        assert.equal(json.next, null, caller);
      }
    });
  }

  test("/integrations/grants holds an app's and a user's live grants, a page at a time", async () => {
    const world = await makeWorld();
    const all = await apis.ask({ method: "GET", path: `/v1/grants?app=${world.one.app}` });
    assert.equal(all.json.data.length, 2);
    assert.deepEqual(await readPages("/integrations/grants?limit=1", world.one.basic), idsIn(all.json));
    const { json } = await apis.askPublic({
      method: "GET",
      path: "/integrations/grants",
      as: world.one.userToken,
    });
    assert.deepEqual(
      json.data.map((grant: { user: string }) => grant.user),
      [world.one.user, world.one.user],
    );
  });

  test("an app's deliveries are those of its hooks and its live grants", async () => {
    const world = await makeWorld();
    const path = "/integrations/deliveries";
    const before = await apis.askPublic({ method: "GET", path, as: world.one.basic });
    const siblings = await apis.askPublic({ method: "GET", path, as: world.siblingToken });
    const both = [world.appDelivery, ...idsIn(siblings.json)];
    assert.deepEqual(idsIn(before.json).toSorted(), both.toSorted());
    await apis.ask({ method: "DELETE", path: `/v1/grants/${world.one.grant}` });
    const after = await apis.askPublic({ method: "GET", path, as: world.one.basic });
    assert.deepEqual(idsIn(after.json), idsIn(siblings.json));
    const hidden = await apis.askPublic({
      method: "GET",
      path: `${path}/${world.appDelivery}`,
      as: world.one.basic,
    });
    assert.equal(hidden.status, 404);
  });

  test("is the same to the byte whatever others make, with any filter and on any page", async () => {
    const world = await makeWorld();
    const queries = ["", "?limit=1", `?app=${world.other.app}`, `?hook=${world.other.appHook}`];
    const paths = [
      ...["/integrations/hooks", "/integrations/hooks?limit=1", "/integrations/grants?limit=1"],
      ...queries.map((query) => `/integrations/deliveries${query}`),
      `/integrations/deliveries?user=${world.other.user}&hook=${world.other.userHook}`,
    ];
    const read = async (): Promise<readonly object[]> => {
      const answers: object[] = [];
      for (const path of paths) {
        for (const as of [world.one.basic, world.one.userToken, world.one.grantToken]) {
          answers.push(told(await apis.askPublic({ method: "GET", path, as })));
        }
      }
      return answers;
    };
    const before = await read();
    const later = await makeSide();
    const hook = { url: "https://example.com/more", events: ["*"] };
    await make("/v1/hooks", { ...hook, app: world.other.app });
    await make("/v1/hooks", { ...hook, user: world.other.user });
    await make("/v1/events", { type: "a.c", users: [later.user], data: {} });
    assert.deepEqual(await read(), before);
  });

  test("asked for another's things by a filter is as empty as for things that there are not", async () => {
    const { one, other } = await makeWorld();
    for (const as of [one.userToken, one.grantToken]) {
      const filters = [`hook=${other.userHook}`, `app=${other.app}`, `user=${other.user}`];
      for (const filter of filters) {
        const path = `/integrations/deliveries?${filter}`;
        const nothing = `/integrations/deliveries?${filter.split("=")[0]}=none`;
        const hidden = await apis.askPublic({ method: "GET", path, as });
        assert.deepEqual(hidden.json, { data: [], next: null }, filter);
        assert.deepEqual(told(hidden), told(await apis.askPublic({ method: "GET", path: nothing, as })));
      }
    }
  });
});

function idsIn(list: { readonly data: readonly { readonly id: string }[] }): readonly string[] {
  return list.data.map(({ id }) => id);
}

/** Follows `Link`, as the guideline asks. */
async function readPages(path: string, as: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let target: string | undefined = path; target !== undefined; ) {
    const answer: Answer = await apis.askPublic({ method: "GET", path: target, as });
    ids.push(...idsIn(answer.json));
    target = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers["link"] ?? ""))?.[1];
  }
  return ids;
}
