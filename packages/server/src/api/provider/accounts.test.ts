import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, type Method, openApis } from "../api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

function ask(method: Method, path: string, body?: unknown): Promise<Answer> {
  return apis.ask({ method, path, ...(body === undefined ? {} : { body }) });
}

async function make(path: string, body: object): Promise<Answer["json"]> {
  const answer = await ask("POST", path, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

function pointersOf({ json }: Answer): readonly string[] {
  return json.errors.map(({ code, pointer }: Record<string, string>) => `${code} ${pointer}`);
}

describe("users", () => {
  test("have the provider's id or a made one, and an id is given once", async () => {
    assert.equal((await make("/v1/users", { id: "u:1", name: "Ada" })).name, "Ada");
    assert.match((await make("/v1/users", {})).id, /^usr_/);
    assert.equal((await ask("POST", "/v1/users", { id: "u:1" })).status, 409);
  });

  test("are put: made with 201, replaced with 200, and what is left out becomes null", async () => {
    const made = await ask("PUT", "/v1/users/put", { name: "A", email: "a@example.com" });
    const replaced = await ask("PUT", "/v1/users/put", { name: "B" });
    assert.deepEqual([made.status, replaced.status], [201, 200]);
    assert.deepEqual(replaced.json, { ...made.json, name: "B", email: null });
    assert.deepEqual(pointersOf(await ask("PUT", "/v1/users/put", { id: "other" })), ["invalid /id"]);
  });

  test("are listed a page at a time, each once, with Link", async () => {
    for (let number = 0; number < 5; number++) await make("/v1/users", { id: `list-${number}` });
    const all = (await ask("GET", "/v1/users?limit=200")).json.data.map(({ id }: { id: string }) => id);
    const seen: string[] = [];
    for (let path: string | undefined = "/v1/users?limit=2"; path !== undefined; ) {
      const { headers, json }: Answer = await ask("GET", path);
      seen.push(...json.data.map(({ id }: { id: string }) => id));
      path = /^<([^>]+)>; rel="next"$/.exec(String(headers["link"] ?? ""))?.[1];
      assert.equal(path === undefined, json.next === null);
    }
    assert.deepEqual(seen, all);
  });

  test("lend their cursor to no other list", async () => {
    const { next } = (await ask("GET", "/v1/users?limit=1")).json;
    assert.equal((await ask("GET", `/v1/users?cursor=${next}`)).status, 200);
    for (const path of [`/v1/apps?cursor=${next}`, `/v1/users?cursor=${next}A`, "/v1/users?cursor=dXNlcnM"]) {
      assert.deepEqual(pointersOf(await ask("GET", path)), ["invalid #/query/cursor"], path);
    }
  });
});

describe("apps", () => {
  test("show their client secret once, and a replaced one is another", async () => {
    const { client_secret: secret, ...app } = await make("/v1/apps", {
      name: "Greeter",
      contact: "x@example.com",
    });
    assert.match(secret, /^tlc_/);
    const shown = await ask("GET", `/v1/apps/${app.id}`);
    assert.deepEqual(shown.json, app);
    const replaced = await ask("POST", `/v1/apps/${app.id}/secret`);
    assert.equal(replaced.json.client_id, app.client_id);
    assert.notEqual(replaced.json.client_secret, secret);
  });

  test("are changed member by member", async () => {
    const { client_secret: _, ...app } = await make("/v1/apps", { name: "A", contact: "c" });
    const path = `/v1/apps/${app.id}`;
    assert.deepEqual((await ask("PATCH", path, { name: "B" })).json, { ...app, name: "B" });
    assert.deepEqual((await ask("PATCH", path, { contact: null })).json, {
      ...app,
      name: "B",
      contact: null,
    });
    assert.deepEqual((await ask("PATCH", path, {})).json, { ...app, name: "B", contact: null });
  });

  test("may have an owner, who must exist", async () => {
    await make("/v1/users", { id: "owner" });
    assert.equal((await make("/v1/apps", { name: "Owned", owner: "owner" })).owner, "owner");
    assert.deepEqual(pointersOf(await ask("POST", "/v1/apps", { name: "X", owner: "no" })), [
      "missing /owner",
    ]);
  });
});

describe("grants and tokens", () => {
  test("a pair has one grant; scopes are replaced only if given", async () => {
    await make("/v1/users", { id: "g1" });
    const app = await make("/v1/apps", { name: "G" });
    const body = { user: "g1", app: app.id };
    const grant = await make("/v1/grants", { ...body, scopes: ["a"] });
    const again = await ask("POST", "/v1/grants", body);
    assert.deepEqual([again.status, again.json], [200, grant]);
    const wider = await ask("POST", "/v1/grants", { ...body, scopes: ["a", "b"] });
    assert.deepEqual(wider.json, { ...grant, scopes: ["a", "b"] });
    const changed = await ask("PATCH", `/v1/grants/${grant.id}`, { scopes: [] });
    assert.deepEqual(changed.json.scopes, []);
  });

  test("name what exists", async () => {
    const app = await make("/v1/apps", { name: "N" });
    await make("/v1/users", { id: "named" });
    for (const path of ["/v1/grants", "/v1/tokens"]) {
      const noUser = await ask("POST", path, { user: "none", app: app.id });
      const noApp = await ask("POST", path, { user: "named", app: "none" });
      assert.deepEqual([pointersOf(noUser), pointersOf(noApp)], [["missing /user"], ["missing /app"]]);
    }
  });

  test("a token with an app makes the grant, and shows its text once", async () => {
    await make("/v1/users", { id: "t1" });
    const app = await make("/v1/apps", { name: "T" });
    const { token, ...shown } = await make("/v1/tokens", { user: "t1", app: app.id, scopes: ["a"] });
    assert.match(token, /^tlg_/);
    const grant = await ask("GET", `/v1/grants/${shown.grant}`);
    assert.deepEqual([grant.json.user, grant.json.app], ["t1", app.id]);
    assert.deepEqual((await ask("GET", `/v1/tokens/${shown.id}`)).json, shown);
    const listed = await ask("GET", `/v1/tokens?grant=${shown.grant}`);
    assert.deepEqual(listed.json.data, [shown]);
    assert.ok(!listed.text.includes(token));
  });

  test("a token says when it expires, and is gone then", async () => {
    await make("/v1/users", { id: "x1" });
    const { token, ...shown } = await make("/v1/tokens", { user: "x1", expires_in_s: 60 });
    assert.equal(Date.parse(shown.expires_at) - Date.parse(shown.created_at), 60_000);
    const path = "/integrations/hooks";
    assert.equal((await apis.askPublic({ method: "GET", path, as: `Bearer ${token}` })).status, 200);
    for (const expires_in_s of [0, 1.5, "60", 400_000_000]) {
      const refused = await ask("POST", "/v1/tokens", { user: "x1", expires_in_s });
      assert.deepEqual(pointersOf(refused), ["invalid /expires_in_s"]);
    }
  });

  test("end in one step when the grant is revoked", async () => {
    await make("/v1/users", { id: "r1" });
    const app = await make("/v1/apps", { name: "R" });
    const { token, id, grant } = await make("/v1/tokens", { user: "r1", app: app.id });
    const path = "/integrations/hooks";
    assert.equal((await apis.askPublic({ method: "GET", path, as: `Bearer ${token}` })).status, 200);
    assert.equal((await ask("DELETE", `/v1/grants/${grant}`)).status, 204);
    assert.equal((await apis.askPublic({ method: "GET", path, as: `Bearer ${token}` })).status, 401);
    for (const gone of [`/v1/grants/${grant}`, `/v1/tokens/${id}`]) {
      assert.equal((await ask("GET", gone)).status, 404);
      assert.equal((await ask("DELETE", gone)).status, 404);
    }
  });
});

describe("groups", () => {
  test("exist while they have a user", async () => {
    await make("/v1/users", { id: "m1" });
    const group = "/v1/groups/repo:42";
    assert.equal((await ask("GET", group)).status, 404);
    assert.equal((await ask("PUT", `${group}/users/m1`)).status, 204);
    assert.equal((await ask("PUT", `${group}/users/m1`)).status, 204);
    assert.deepEqual((await ask("GET", group)).json, { id: "repo:42", users_count: 1 });
    assert.deepEqual((await ask("GET", `${group}/users`)).json, { data: [{ id: "m1" }], next: null });
    assert.equal((await ask("PUT", `${group}/users/none`)).status, 404);
    assert.equal((await ask("DELETE", `${group}/users/m1`)).status, 204);
    assert.equal((await ask("DELETE", `${group}/users/m1`)).status, 204);
    assert.equal((await ask("GET", group)).status, 404);
    assert.equal((await ask("DELETE", group)).status, 404);
  });
});
