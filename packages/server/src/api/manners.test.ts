import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Unavailable } from "../base/unavailable.ts";
import { type Answer, type Apis, OPERATOR, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

const post = (path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> =>
  apis.ask({ method: "POST", path, body, ...(headers ? { headers } : {}) });
const get = (path: string): Promise<Answer> => apis.ask({ method: "GET", path });

function codeOf({ json }: Answer): string {
  return json.type.slice("urn:trulinks:problem:".length);
}

describe("a body", () => {
  const bodies: readonly (readonly [string, string, string | Buffer, number, string])[] = [
    ["that is no JSON", "/v1/users", '{"id":', 400, "unparseable"],
    ["with a comma too many", "/v1/users", '{"id":"a",}', 400, "unparseable"],
    ["that is not UTF-8", "/v1/users", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, "unparseable"],
    ["with __proto__", "/v1/events", '{"type":"a.b","data":{"__proto__":{"x":1}}}', 400, "unparseable"],
    ["with constructor.prototype", "/v1/users", '{"constructor":{"prototype":{}}}', 400, "unparseable"],
    [
      "nested beyond all bounds",
      "/v1/events",
      `{"data":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
      400,
      "unparseable",
    ],
    ["that is an array", "/v1/users", "[]", 422, "validation-failed"],
    ["that is null", "/v1/users", "null", 422, "validation-failed"],
    ["that is a number", "/v1/users", "5", 422, "validation-failed"],
    ["that is missing", "/v1/users", "", 422, "validation-failed"],
    ["where none is taken", "/v1/apps/app_1/secret", '{"a":1}', 422, "validation-failed"],
    ["larger than 64 KiB", "/v1/users", `{"name":"${"x".repeat(64 * 1024)}"}`, 413, "too-large"],
    [
      "of an event larger than 256 KiB",
      "/v1/events",
      `{"data":{"x":"${"x".repeat(256 * 1024)}"}}`,
      413,
      "too-large",
    ],
  ];
  for (const [name, path, body, status, code] of bodies) {
    test(`${name} is ${status} ${code}`, async () => {
      const answer = await post(path, body);
      assert.equal(answer.status, status, answer.text);
      assert.equal(codeOf(answer), code);
    });
  }

  test("that is too large is told the limit", async () => {
    const answer = await post("/v1/users", `"${"x".repeat(70_000)}"`);
    assert.match(answer.json.detail, /65536 bytes/);
  });

  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"]) {
    test(`of type ${type} is 415`, async () => {
      const answer = await post("/v1/users", '{"id":"typed"}', { "content-type": type });
      assert.equal(answer.status, 415, answer.text);
    });
  }

  test("that is compressed is 415", async () => {
    const answer = await post("/v1/users", '{"id":"zipped"}', { "content-encoding": "gzip" });
    assert.equal(answer.status, 415);
  });

  test("may be empty where none is taken, whatever its type says", async () => {
    const answer = await post("/v1/apps/app_1/secret", "", { "content-type": "application/json" });
    assert.equal(answer.status, 404);
  });

  test("is refused with all its errors at once, each with a pointer; nothing is coerced", async () => {
    const body = {
      url: 5,
      events: ["Bad Type", "ok.type"],
      in_flight_max: "8",
      verify_tls: "true",
      filter: [],
    };
    const { status, json } = await post("/v1/hooks", body);
    assert.equal(status, 422);
    const errors = json.errors.map(({ code, pointer }: Record<string, string>) => `${pointer} ${code}`);
    assert.deepEqual(errors.toSorted(), [
      "/events/0 invalid",
      "/filter unknown",
      "/in_flight_max invalid",
      "/url invalid",
      "/verify_tls invalid",
    ]);
    assert.ok(json.errors.every(({ resource }: { resource: string }) => resource === "Hook"));
  });

  test("never comes back in a refusal", async () => {
    const secret = "hunter2-hunter2";
    const answers = [
      await post("/v1/hooks", { url: "https://e.com", events: ["*"], user: "ada", secret, extra: secret }),
      await post("/v1/hooks", { url: "https://e.com", events: [secret.toUpperCase()], secret: 5 }),
      await post("/v1/hooks", `{"secret":"${secret}"`),
      await post("/v1/hooks", { url: "https://e.com", events: ["*"], user: "ada", secret }),
    ];
    for (const { status, text } of answers) {
      assert.ok(status === 422 || status === 400);
      assert.ok(!text.toLowerCase().includes(secret), text);
    }
  });

  test("with a lone surrogate or NUL in a name is refused, since no store could keep it", async () => {
    for (const name of ["a\u0000b", "a\ud800b", "line\nbreak"]) {
      assert.equal((await post("/v1/users", { name })).status, 422);
    }
    assert.equal((await post("/v1/users", { name: "Ada 😀 Łukasz" })).status, 201);
  });
});

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

describe("pages for people", () => {
  test("the problems page has an anchor for every problem, and asks for nothing from elsewhere", async () => {
    const page = await apis.askPublic({ method: "GET", path: "/integrations/problems", as: null });
    const refused = await apis.askPublic({ method: "GET", path: "/integrations/hooks", as: null });
    const [path, anchor] = refused.json.documentation_url.split("#");
    assert.equal(path, "/integrations/problems");
    assert.ok(page.text.includes(`<section id="${anchor}">`));
    assert.match(String(page.headers["content-security-policy"]), /default-src 'none'; script-src 'self'/);
    assert.ok(!/https?:/.test(page.text) && !/<script/.test(page.text));
  });

  test("the reference page runs only scripts that the platform serves", async () => {
    for (const [path, ask] of [
      ["/reference", apis.ask] as const,
      ["/integrations/reference", apis.askPublic] as const,
    ]) {
      const page = await ask({ method: "GET", path, as: null });
      const scripts = [...page.text.matchAll(/<script src="([^"]+)"><\/script>/g)].map(
        ([, source]) => source ?? "",
      );
      assert.deepEqual(scripts, [`${path}/scalar.js`, `${path}/start.js`]);
      assert.equal(page.text.match(/<script/g)?.length, 2);
      for (const script of scripts) {
        const answer = await ask({ method: "GET", path: script, as: null });
        assert.equal(answer.status, 200);
        assert.match(String(answer.headers["content-type"]), /^text\/javascript/);
        assert.ok(answer.text.length > 500);
      }
    }
  });
});
