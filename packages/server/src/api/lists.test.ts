/** That no list tells of others: not by what it holds, nor by how many, in which order or where it goes on. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";
import type { CallerName } from "./matrix.ts";
import { make, makeSide, makeWorld, told, type World } from "./matrix-world.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

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
      [
        "/integrations/replays",
        ({ appReplay, userReplay }) => ({
          app: [appReplay],
          user: [userReplay],
          otherApp: [],
          otherUser: [],
        }),
      ],
    ];
  for (const [path, expectedOf] of lists) {
    test(`${path} holds the caller's own and no others`, async () => {
      const world = await makeWorld(apis);
      for (const [caller, expected] of Object.entries(expectedOf(world))) {
        const as = world.credentials[caller as CallerName];
        const { json } = await apis.askPublic({ method: "GET", path, as });
        assert.deepEqual(idsIn(json), expected, caller);
        assert.equal(json.next, null, caller);
      }
    });
  }

  test("/integrations/grants holds an app's and a user's live grants, a page at a time", async () => {
    const world = await makeWorld(apis);
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
    const world = await makeWorld(apis);
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
    const world = await makeWorld(apis);
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
    const later = await makeSide(apis);
    const hook = { url: "https://example.com/more", events: ["*"] };
    await make(apis, "/v1/hooks", { ...hook, app: world.other.app });
    await make(apis, "/v1/hooks", { ...hook, user: world.other.user });
    await make(apis, "/v1/events", { type: "a.c", users: [later.user], data: {} });
    assert.deepEqual(await read(), before);
  });

  test("asked for another's things by a filter is as empty as for things that there are not", async () => {
    const { one, other } = await makeWorld(apis);
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
