import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Unavailable } from "../base/unavailable.ts";
import { type Answer, type Apis, OPERATOR, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

const get = (path: string): Promise<Answer> => apis.ask({ method: "GET", path });

function codeOf({ json }: Answer): string {
  return json.type.slice("urn:trulinks:problem:".length);
}

describe("a parameter", () => {
  const paths: readonly (readonly [string, string])[] = [
    ["/v1/users?limit=0", "#/query/limit"],
    ["/v1/users?limit=201", "#/query/limit"],
    ["/v1/users?limit=5.5", "#/query/limit"],
    ["/v1/users?limit=", "#/query/limit"],
    ["/v1/users?limit=1e2", "#/query/limit"],
    ["/v1/users?limit=99999999999999999999", "#/query/limit"],
    ["/v1/users?limit=1&limit=2", "#/query/limit"],
    ["/v1/users?limits=5", "#/query/limits"],
    ["/v1/users/ada?x=1", "#/query/x"],
    ["/v1/users/a%20b", "#/path/user"],
    ["/v1/users/a%00b", "#/path/user"],
    [`/v1/users/${"a".repeat(129)}`, "#/path/user"],
    ["/v1/users?cursor=abc", "#/query/cursor"],
    ["/v1/users?cursor=", "#/query/cursor"],
    ["/v1/deliveries?state=asleep", "#/query/state"],
    ["/v1/deliveries?status=20", "#/query/status"],
    ["/v1/deliveries?after=yesterday", "#/query/after"],
    ["/v1/deliveries?after=2026-01-01T23:59:60Z", "#/query/after"],
    ["/v1/hooks?user=a&app=b", "#/query/app"],
  ];
  for (const [path, pointer] of paths) {
    test(`that cannot be is 422 with its pointer: ${path.slice(0, 60)}`, async () => {
      const answer = await get(path);
      assert.equal(answer.status, 422, answer.text);
      assert.equal(answer.json.errors[0].pointer, pointer);
    });
  }

  test("of 128 characters is still an id", async () => {
    assert.equal((await get(`/v1/users/${"a".repeat(128)}`)).status, 404);
  });

  test("with broken percent-encoding is 400", async () => {
    const answer = await get("/v1/users/%zz");
    assert.equal(answer.status, 400);
    assert.match(String(answer.headers["trulinks-request"]), /^req_/);
  });
});

describe("a request", () => {
  test("to no path is 404, with a wrong method 405 with Allow", async () => {
    assert.equal((await get("/v1/nothing")).status, 404);
    const wrong = await apis.ask({ method: "PATCH", path: "/v1/users/ada" });
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers["allow"], "DELETE, GET, HEAD, PUT");
  });

  test("has an id of its own in every answer, and nothing is cached", async () => {
    const [one, other] = [await get("/v1/users"), await get("/v1/users/none")];
    for (const { headers } of [one, other]) {
      assert.match(String(headers["trulinks-request"]), /^req_[0-9a-z]{26}$/);
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["x-content-type-options"], "nosniff");
    }
    assert.notEqual(one.headers["trulinks-request"], other.headers["trulinks-request"]);
  });

  test("without credentials is told how to show them", async () => {
    const answer = await apis.ask({ method: "GET", path: "/v1/users", as: null });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="TruLinks"');
  });

  test("of GitHub's media type gets its refusal as plain JSON", async () => {
    const headers = { accept: "application/vnd.github+json" };
    const answer = await apis.provider.inject({
      method: "GET",
      url: "/v1/users/none",
      headers: { authorization: OPERATOR, ...headers },
    });
    assert.equal(answer.statusCode, 404);
    assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
    assert.equal(answer.json().message.length > 0, true);
  });

  test("by HEAD gets what GET gets, without the body", async () => {
    const answer = await apis.provider.inject({
      method: "HEAD",
      url: "/v1/users",
      headers: { authorization: OPERATOR },
    });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.body, "");
  });
});

describe("a failure", () => {
  test("of ours is 500 with the request's id; its stack is in the log alone", async () => {
    const broken = await openApis({
      provider: {
        publish: async () => {
          throw new Error("the disk said: secret words");
        },
      },
    });
    const answer = await broken.ask({ method: "POST", path: "/v1/events", body: { type: "a.b", data: {} } });
    assert.equal(answer.status, 500);
    const id = String(answer.headers["trulinks-request"]);
    assert.ok(answer.json.detail.includes(id));
    assert.ok(!answer.text.includes("secret words") && !answer.text.includes(".ts"));
    const line = broken.lines.find(({ event }) => event === "api.failed");
    assert.equal(line?.fields["request"], id);
    const error = line?.fields["error"];
    assert.ok(error instanceof Error && error.stack?.includes("secret words"));
    await broken.close();
  });

  test("to take it now is 503 with Retry-After", async () => {
    const full = await openApis({
      provider: {
        publish: async () => {
          throw new Unavailable("The disk is full.", 7);
        },
        ping: async () => {
          throw new Error("gone");
        },
      },
    });
    const answer = await full.ask({ method: "POST", path: "/v1/events", body: { type: "a.b", data: {} } });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers["retry-after"], "7");
    assert.equal(codeOf(answer), "unavailable");
    const line = full.lines.find(({ event }) => event === "api.unavailable");
    assert.equal(line?.fields["reason"], "The disk is full.");
    assert.equal((await full.ask({ method: "GET", path: "/readyz", as: null })).status, 503);
    assert.equal((await full.ask({ method: "GET", path: "/healthz", as: null })).status, 200);
    await full.close();
  });
});

test("each answer is one wide line in the log, without ids of things", async () => {
  await get("/v1/users/somebody");
  const line = apis.lines.findLast(({ event }) => event === "api.answered");
  const { duration_ms: durationMs, request, ...rest } = line?.fields ?? {};
  assert.deepEqual(rest, { api: "provider", method: "GET", route: "/v1/users/:user", status: 404 });
  assert.equal(typeof durationMs, "number");
  assert.match(String(request), /^req_/);
});
