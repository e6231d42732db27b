import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { call } from "./testing/as-gateway.ts";
import { type Running, startRunning } from "./testing/running.ts";

let tracker: Running;
before(async () => {
  tracker = await startRunning();
  await tracker.as("ada", "POST", "/projects", { body: { name: "apollo" } });
  await tracker.as("ada", "POST", "/projects", { body: { name: "secret", public: false } });
  await tracker.as("ada", "POST", "/projects/1/issues", { body: { title: "First" } });
});
after(() => tracker.stop());

test("an issue is opened, read, commented on and closed", async () => {
  const opened = await tracker.as("grace", "POST", "/projects/1/issues", {
    body: { title: "Leak", body: "In tank 2" },
  });
  assert.equal(opened.status, 201);
  const path = `/projects/1/issues/${opened.body.number}`;
  assert.equal(opened.body.author, "grace");
  const comment = await tracker.as("linus", "POST", `${path}/comments`, {
    app: "app_1",
    scopes: "issues:write",
    body: { body: "Seen" },
  });
  assert.deepEqual([comment.status, comment.body.author, comment.body.app], [201, "linus", "app_1"]);
  assert.deepEqual((await tracker.as(null, "GET", `${path}/comments`)).body, [comment.body]);
  const closed = await tracker.as("ada", "PATCH", path, { body: { state: "closed" } });
  assert.deepEqual(
    [closed.status, closed.body.state, typeof closed.body.closed_at],
    [200, "closed", "string"],
  );
  assert.deepEqual((await tracker.as(null, "GET", path)).body, closed.body);
});

test("a pull request is opened and merged by the project's owner", async () => {
  const body = { title: "Fix", head: "fix", base: "main" };
  const opened = await tracker.as("grace", "POST", "/projects/1/pull-requests", { body });
  const path = `/projects/1/pull-requests/${opened.body.number}`;
  assert.equal((await tracker.as("grace", "PUT", `${path}/merge`)).status, 403);
  const merged = await tracker.as("ada", "PUT", `${path}/merge`);
  assert.deepEqual([merged.status, merged.body.state], [200, "merged"]);
  assert.deepEqual((await tracker.as("ada", "PUT", `${path}/merge`)).body, merged.body);
});

const STRANGERS: readonly [promise: string, () => ReturnType<typeof call>, status: number][] = [
  ["anonymous reads what is public", () => tracker.as(null, "GET", "/projects/1/issues"), 200],
  [
    "anonymous without a gateway reads what is public",
    () => call(tracker.url, "GET", "/projects/1/issues"),
    200,
  ],
  [
    "anonymous writes nothing",
    () => tracker.as(null, "POST", "/projects/1/issues", { body: { title: "x" } }),
    401,
  ],
  ["a stranger does not find a private project", () => tracker.as("grace", "GET", "/projects/2/issues"), 404],
  ["its owner finds it", () => tracker.as("ada", "GET", "/projects/2/issues"), 200],
  [
    "an app for itself writes nothing",
    () => tracker.as(null, "POST", "/projects/1/issues", { app: "app_1", body: { title: "x" } }),
    401,
  ],
  [
    "a grant with another scope may not",
    () =>
      tracker.as("ada", "POST", "/projects/1/issues", {
        app: "app_1",
        scopes: "issues:read",
        body: { title: "x" },
      }),
    403,
  ],
  [
    "a grant without scopes may not",
    () => tracker.as("ada", "GET", "/projects/1/issues", { app: "app_1" }),
    403,
  ],
  [
    "a grant with the scope may",
    () => tracker.as("ada", "GET", "/projects/1/issues", { app: "app_1", scopes: "issues:read pulls:read" }),
    200,
  ],
  [
    "a user's token with narrower scopes may not",
    () => tracker.as("ada", "GET", "/notifications", { scopes: "issues:read" }),
    403,
  ],
  [
    "an old identity is worth nothing",
    () => tracker.as("ada", "GET", "/user", { nowMs: Date.now() - 120_000 }),
    401,
  ],
  [
    "an identity for another user is worth nothing",
    () => tracker.as("ada", "GET", "/user", { headers: { "TruLinks-User": "grace" } }),
    401,
  ],
  [
    "an unsigned identity is worth nothing",
    () => call(tracker.url, "GET", "/user", { headers: { "TruLinks-User": "ada" } }),
    401,
  ],
  ["a user whom the tracker does not know is nobody", () => tracker.as("mallory", "GET", "/user"), 401],
  [
    "users do not sign others up",
    () => tracker.as("ada", "POST", "/users", { body: { id: "eve", name: "Eve" } }),
    401,
  ],
  ["users do not read the outbox", () => tracker.as("ada", "GET", "/outbox/refused"), 401],
  [
    "nobody edits another's issue",
    () => tracker.as("grace", "PATCH", "/projects/1/issues/1", { body: { state: "closed" } }),
    403,
  ],
  ["nobody makes another watch", () => tracker.as("grace", "PUT", "/projects/1/watchers/linus"), 403],
  ["an unknown path is not found", () => tracker.as("ada", "GET", "/nothing"), 404],
];

for (const [promise, act, status] of STRANGERS) {
  test(promise, async () => assert.equal((await act()).status, status));
}

const FLAWED: readonly [
  promise: string,
  method: string,
  target: string,
  body: unknown,
  status: number,
  pointers: string[],
][] = [
  ["a missing member is pointed at", "POST", "/projects/1/issues", {}, 422, ["/title"]],
  [
    "every flaw is told at once",
    "POST",
    "/projects/1/issues",
    { title: "", body: 5, x: 1 },
    422,
    ["/body", "/body", "/body", "/title", "/x"],
  ],
  ["a number is not coerced to a string", "POST", "/projects/1/issues", { title: 5 }, 422, ["/title"]],
  ["a body of another kind is refused", "POST", "/projects/1/issues", [], 422, [""]],
  ["a taken name is pointed at", "POST", "/projects", { name: "apollo" }, 422, ["/name"]],
  [
    "a branch is not merged into itself",
    "POST",
    "/projects/1/pull-requests",
    { title: "x", head: "a", base: "a" },
    422,
    ["/head"],
  ],
  ["an empty change is refused", "PATCH", "/projects/1/issues/1", {}, 422, [""]],
  [
    "a query parameter out of bounds is pointed at",
    "GET",
    "/projects?limit=1000",
    undefined,
    422,
    ["#/query/limit"],
  ],
  [
    "a query parameter of another type is pointed at",
    "GET",
    "/projects?limit=ten",
    undefined,
    422,
    ["#/query/limit"],
  ],
  ["an unknown query parameter is refused", "GET", "/projects?lmit=1", undefined, 422, ["#/query/lmit"]],
  [
    "a path parameter of another type is pointed at",
    "GET",
    "/projects/apollo",
    undefined,
    422,
    ["#/path/project"],
  ],
  ["broken JSON is 400", "POST", "/projects", "{", 400, []],
  [
    "a body that is too large is 413",
    "POST",
    "/projects",
    { name: "x", description: "x".repeat(70_000) },
    413,
    [],
  ],
];

for (const [promise, method, target, body, status, pointers] of FLAWED) {
  test(promise, async () => {
    const answer = await tracker.as("ada", method, target, { body });
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.equal(answer.body.status, status);
    assert.equal(typeof answer.body.message, "string");
    const errors: readonly { pointer: string }[] = answer.body.errors ?? [];
    assert.deepEqual(errors.map((error) => error.pointer).sort(), pointers);
  });
}

test("another media type is 415", async () => {
  const headers = { "content-type": "text/plain" };
  assert.equal((await tracker.as("ada", "POST", "/projects", { body: "x", headers })).status, 415);
});

test("pages follow one another by Link, each item once", async () => {
  for (let made = 0; made < 5; made++)
    await tracker.as("ada", "POST", "/projects/2/issues", { body: { title: `${made}` } });
  const seen: number[] = [];
  let target: string | undefined = "/projects/2/issues?limit=2";
  while (target !== undefined) {
    const { body, headers } = await tracker.as("ada", "GET", target);
    seen.push(...body.map((issue: { number: number }) => issue.number));
    target = /<(.*)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
});

test("an Idempotency-Key makes one issue of two requests, and refuses another body", async () => {
  const headers = { "idempotency-key": "k1" };
  const [first, second] = await Promise.all([
    tracker.as("ada", "POST", "/projects/1/issues", { body: { title: "Once" }, headers }),
    tracker.as("ada", "POST", "/projects/1/issues", { body: { title: "Once" }, headers }),
  ]);
  assert.deepEqual([first.status, second.status], [201, 201]);
  assert.deepEqual(first.body, second.body);
  assert.equal(
    (await tracker.as("ada", "POST", "/projects/1/issues", { body: { title: "Two" }, headers })).status,
    422,
  );
  const other = await tracker.as("grace", "POST", "/projects/1/issues", { body: { title: "Once" }, headers });
  assert.notEqual(other.body.number, first.body.number);
});

test("the OpenAPI document that the gateway is given is that of the routes", async () => {
  const { body } = await call(tracker.url, "GET", "/openapi.json");
  const file = new URL("../openapi.json", import.meta.url);
  if (process.env["UPDATE"] === "1") await writeFile(file, `${JSON.stringify(body, null, 2)}\n`);
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), body, "UPDATE=1 with this test rewrites it.");
});

test("the OpenAPI document names every operation with what it asks for", async () => {
  const { body } = await call(tracker.url, "GET", "/openapi.json");
  assert.equal(body.openapi, "3.1.0");
  const operation = body.paths["/projects/{project}/issues"].post;
  assert.deepEqual(operation.security, [{ token: ["issues:write"] }]);
  assert.deepEqual(operation.requestBody.content["application/json"].schema.required, ["title"]);
  assert.equal(operation["x-trulinks-idempotency"], "upstream");
  assert.equal(operation["x-trulinks-content"], true);
  assert.deepEqual(body.paths["/projects/{project}/issues"].get.security, [{}, { token: ["issues:read"] }]);
  assert.ok(Object.keys(body.paths).length >= 14);
});
