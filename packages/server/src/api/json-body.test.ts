import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, type Apis, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

const post = (path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> =>
  apis.ask({ method: "POST", path, body, ...(headers ? { headers } : {}) });

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
      filters: [],
    };
    const { status, json } = await post("/v1/hooks", body);
    assert.equal(status, 422);
    const errors = json.errors.map(({ code, pointer }: Record<string, string>) => `${pointer} ${code}`);
    assert.deepEqual(errors.toSorted(), [
      "/events/0 invalid",
      "/filters unknown",
      "/in_flight_max invalid",
      "/url invalid",
      "/verify_tls invalid",
    ]);
    assert.ok(json.errors.every(({ resource }: { resource: string }) => resource === "Hook"));
  });

  test("with thousands of errors is told a hundred of them", async () => {
    const users = Array(60_000).fill("");
    const { status, json } = await post("/v1/events", { type: "a.b", users, data: {} });
    assert.equal(status, 422);
    assert.equal(json.errors.length, 100);
    assert.match(json.detail, /97 more in `errors`\.$/);
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
