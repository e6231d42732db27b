/** Users, apps and grants with credentials that are good, bad and in between, for the tests of who is told what. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  type AppId,
  type GrantId,
  ID_CHANCE_BYTES,
  makeId,
  type TokenId,
  type UserId,
} from "@trulinks/protocol";
import type { ReplayReach } from "../webhooks/replay.ts";
import { type Answer, type Apis, OPERATOR } from "./api-fixtures.contract.ts";
import type { CallerName } from "./matrix.ts";

export interface Side {
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
export interface World {
  readonly one: Side;
  readonly other: Side;
  readonly siblingToken: string;
  readonly otherGrantToken: string;
  readonly credentials: Readonly<Record<CallerName, string>>;
  /** The delivery of the one user's event to the one app's hook, and to the one user's own. */
  readonly appDelivery: string;
  readonly userDelivery: string;
  /** Replays of the one app and of the one user. */
  readonly appReplay: string;
  readonly userReplay: string;
}

let count = 0;

export async function make(apis: Apis, path: string, body: object): Promise<Answer["json"]> {
  const answer = await apis.ask({ method: "POST", path, body });
  assert.ok(answer.status < 300, answer.text);
  return answer.json;
}

export async function makeToken(
  apis: Apis,
  body: object,
): Promise<{ id: string; token: string; grant: string }> {
  const { id, token, grant } = await make(apis, "/v1/tokens", body);
  return { id, token: `Bearer ${token}`, grant };
}

export async function makeSide(apis: Apis): Promise<Side> {
  const user = `user-${++count}`;
  await make(apis, "/v1/users", { id: user });
  const app = await make(apis, "/v1/apps", { name: "An app" });
  const { token: userToken } = await makeToken(apis, { user });
  const { token: grantToken, grant } = await makeToken(apis, { user, app: app.id });
  const hook = { url: "https://example.com/hooks", events: ["*"] };
  return {
    user,
    userToken,
    app: app.id,
    clientId: app.client_id,
    basic: basic(app.client_id, app.client_secret),
    grant,
    grantToken,
    appHook: (await make(apis, "/v1/hooks", { ...hook, app: app.id })).id,
    userHook: (await make(apis, "/v1/hooks", { ...hook, user })).id,
  };
}

export async function makeWorld(apis: Apis): Promise<World> {
  const [one, other] = [await makeSide(apis), await makeSide(apis)];
  const { token: siblingToken } = await makeToken(apis, { user: other.user, app: one.app });
  const { token: otherGrantToken } = await makeToken(apis, { user: one.user, app: other.app });
  for (const user of [one.user, other.user])
    await make(apis, "/v1/events", { type: "a.b", users: [user], data: {} });
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
    appDelivery: await findDelivery(apis, one.appHook, one.user),
    userDelivery: await findDelivery(apis, one.userHook, one.user),
    appReplay: await makeReplay(apis, { kind: "app", appId: one.app as AppId }),
    userReplay: await makeReplay(apis, { kind: "user", userId: one.user as UserId }),
  };
}

/** Straight into the store: there are more worlds than may have replays at once. */
async function makeReplay(apis: Apis, reach: ReplayReach): Promise<string> {
  const id = makeId("replay", Date.now(), randomBytes(ID_CHANCE_BYTES));
  const bounds = { ownedMax: 10, countMax: 1_000_000 };
  const filter = { states: ["failed"] } as const;
  await apis.storage.replays.createReplay({ id, reach, filter, perS: null, nowMs: Date.now(), ...bounds });
  return id;
}

async function findDelivery(apis: Apis, hook: string, user: string): Promise<string> {
  const { json } = await apis.ask({ method: "GET", path: `/v1/deliveries?hook=${hook}&user=${user}` });
  return json.data[0].id;
}

export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
}

export async function makeBadCredentials(
  apis: Apis,
  { one, other }: World,
): Promise<Readonly<Record<string, string>>> {
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

  const revoked = await makeToken(apis, { user: one.user });
  await apis.ask({ method: "DELETE", path: `/v1/tokens/${revoked.id}` });

  const { token: revokedGrantToken, grant } = await makeToken(apis, { user: other.user, app: one.app });
  await apis.ask({ method: "DELETE", path: `/v1/grants/${grant}` });

  const gone = await makeSide(apis);
  await apis.ask({ method: "DELETE", path: `/v1/users/${gone.user}` });
  const replaced = await makeSide(apis);
  await make(apis, `/v1/apps/${replaced.app}/secret`, {});
  const deleted = await makeSide(apis);
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

/** All that a caller is told, but for what differs between any two answers. */
export function told({ status, headers, text }: Answer): object {
  const { date, "trulinks-request": request, ...rest } = headers;
  return { status, rest, text };
}
