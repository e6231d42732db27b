import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import {
  AS_GRANT,
  ask,
  askRaw,
  open,
  quotasOf,
  responseOf,
  startGateway,
  type TestGateway,
} from "./gateway-fixtures.contract.ts";
import { issuesDocument } from "./issues-document.contract.ts";
import { readOpenapi } from "./openapi-document.ts";
import { readPatterns } from "./operation-patterns.ts";
import { createRouter, type FindOperation } from "./operation-router.ts";
import {
  startStreamingUpstream,
  startUpstream,
  textOf,
  type Upstream,
} from "./upstream-fixtures.contract.ts";

function operations(): FindOperation {
  const read = readOpenapi(issuesDocument());
  assert.ok(read.kind === "operations", JSON.stringify(read));
  return createRouter(read.routed);
}

interface Started extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly upstream: Upstream;
}

async function start(deps: Parameters<typeof startGateway>[1] = {}): Promise<Started> {
  const upstream = await startUpstream();
  const gateway = await startGateway(upstream.url, { findOperation: operations(), ...deps });
  return {
    gateway,
    upstream,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const JSON_TYPE = { "content-type": "application/json" };
const post = (body: string, headers: Record<string, string> = JSON_TYPE) =>
  ({ method: "POST", path: "/issues", headers: { ...AS_GRANT, ...headers }, body }) as const;

interface Refused {
  readonly because: string;
  readonly question: Parameters<typeof ask>[1];
  readonly status: number;
  readonly code: string;
  /** Code and pointer of each error. */
  readonly errors?: readonly string[];
}

const REFUSED: readonly Refused[] = [
  { because: "broken JSON", question: post("{"), status: 400, code: "unparseable" },
  {
    because: "no UTF-8",
    question: { ...post(""), body: Buffer.from('{"title":"\xff"}', "latin1") },
    status: 400,
    code: "unparseable",
  },
  {
    because: "nesting without end",
    question: post("[".repeat(5_000) + "]".repeat(5_000)),
    status: 400,
    code: "unparseable",
  },
  {
    because: "an unknown path",
    question: { path: "/nothing", headers: AS_GRANT },
    status: 404,
    code: "unknown-operation",
  },
  {
    because: "another method",
    question: { method: "DELETE", path: "/issues", headers: AS_GRANT },
    status: 405,
    code: "method-not-allowed",
  },
  {
    because: "a path that climbs",
    question: { path: "/issues/%2e%2e/admin", headers: AS_GRANT },
    status: 400,
    code: "unparseable",
  },
  {
    because: "another type",
    question: post("a=b", { "content-type": "application/x-www-form-urlencoded" }),
    status: 415,
    code: "unsupported-media-type",
  },
  { because: "no type", question: post("{}", {}), status: 415, code: "unsupported-media-type" },
  {
    because: "a compressed body",
    question: post("{}", { ...JSON_TYPE, "content-encoding": "gzip" }),
    status: 415,
    code: "unsupported-media-type",
  },
  {
    because: "a body that is too large to be judged",
    question: post(`{"title":"${"x".repeat(2_000)}"}`),
    status: 413,
    code: "too-large",
  },
  {
    because: "a text where a number belongs",
    question: post('{"title":"a","priority":"5"}'),
    status: 422,
    code: "validation-failed",
    errors: ["invalid /priority"],
  },
  {
    because: "a missing member",
    question: post("{}"),
    status: 422,
    code: "validation-failed",
    errors: ["missing_field /title"],
  },
  {
    because: "an unknown member",
    question: post('{"title":"a","tilte":"b"}'),
    status: 422,
    code: "validation-failed",
    errors: ["unknown /tilte"],
  },
  {
    because: "a flaw behind a reference",
    question: post('{"title":"a","parent":{"title":"a","labels":["A"]}}'),
    status: 422,
    code: "validation-failed",
    errors: ["invalid /parent/labels/0"],
  },
  {
    because: "everything that is wrong at once",
    question: post('{"title":"","priority":9}'),
    status: 422,
    code: "validation-failed",
    errors: ["invalid /priority", "invalid /title"],
  },
  {
    because: "no body where one is required",
    question: { method: "POST", path: "/issues", headers: AS_GRANT },
    status: 422,
    code: "validation-failed",
    errors: ["missing_field "],
  },
  {
    because: "a parameter of the path that is none",
    question: { path: "/issues/seven", headers: AS_GRANT },
    status: 422,
    code: "validation-failed",
    errors: ["invalid #/path/number"],
  },
  {
    because: "a parameter of the query that is none",
    question: { path: "/issues?limit=ten" },
    status: 422,
    code: "validation-failed",
    errors: ["invalid #/query/limit"],
  },
  {
    because: "one that is out of bounds",
    question: { path: "/issues?limit=101" },
    status: 422,
    code: "validation-failed",
    errors: ["invalid #/query/limit"],
  },
  {
    because: "one that comes twice",
    question: { path: "/issues?limit=1&limit=2" },
    status: 422,
    code: "validation-failed",
    errors: ["invalid #/query/limit"],
  },
  {
    because: "one behind a thousand others",
    question: { path: `/issues?${"a&".repeat(1_500)}limit=ten` },
    status: 422,
    code: "validation-failed",
    errors: ["invalid #/query/limit"],
  },
  {
    because: "an item of a list",
    question: { path: "/issues?ids=1,2,x" },
    status: 422,
    code: "validation-failed",
    errors: ["invalid #/query/ids/2"],
  },
  {
    because: "a header that is no number",
    question: { path: "/issues", headers: { "x-page": "one" } },
    status: 422,
    code: "validation-failed",
    errors: ["invalid #/header/x-page"],
  },
  {
    because: "no credentials where some are asked for",
    question: { path: "/issues/7" },
    status: 401,
    code: "unauthenticated",
  },
  {
    because: "an app for itself where a scope is asked for",
    question: { ...post('{"title":"a"}'), headers: { ...JSON_TYPE, authorization: "Basic app" } },
    status: 403,
    code: "scope-missing",
  },
];

describe("what the document does not allow is refused, and never reaches the upstream:", () => {
  for (const { because, question, status, code, errors } of REFUSED) {
    test(because, async () => {
      await using started = await start({
        judgedBytesMax: 1_000,
        ...(because === "nesting without end" ? { judgedBytesMax: 20_000 } : {}),
      });
      const { gateway, upstream } = started;
      const answer = await ask(gateway, question);
      const body = JSON.parse(answer.body);
      assert.deepEqual([answer.status, body.type], [status, `urn:trulinks:problem:${code}`], answer.body);
      const told = (body.errors ?? []).map(
        (error: { code: string; pointer: string }) => `${error.code} ${error.pointer}`,
      );
      assert.deepEqual(told.sort(), errors ?? []);
      assert.equal(upstream.requests.length, 0);
      assert.equal((await ask(gateway, { path: "/issues" })).status, 200, "the next one is served");
    });
  }

  test("with GitHub's words, the resource by name, and the methods that are allowed", async () => {
    await using started = await start();
    const { gateway } = started;
    const { body, headers } = await ask(gateway, post('{"title":5}'));
    assert.deepEqual(JSON.parse(body).errors, [
      {
        resource: "Issue",
        field: "title",
        code: "invalid",
        message: "title must be string.",
        pointer: "/title",
      },
    ]);
    assert.equal(headers["trulinks-guideline"], "early-validation");
    const { headers: others } = await ask(gateway, { method: "PUT", path: "/issues", headers: AS_GRANT });
    assert.equal(others.allow, "GET, POST, HEAD");
  });

  test("a grant without the scope", async () => {
    const noScopes = async () =>
      ({
        kind: "caller",
        caller: {
          kind: "grant",
          grantId: "g",
          userId: "u",
          appId: "a",
          tokenId: "t",
          scopes: ["issues:read"],
        },
      }) as never;
    await using started = await start({ identify: noScopes });
    const answer = await ask(started.gateway, post('{"title":"a"}'));
    assert.deepEqual(
      [answer.status, JSON.parse(answer.body).type],
      [403, "urn:trulinks:problem:scope-missing"],
    );
    assert.match(JSON.parse(answer.body).detail, /issues:write/);
    assert.equal((await ask(started.gateway, { path: "/issues?limit=5" })).status, 200);
  });

  test("with the status that the policy has for it, and it counts", async () => {
    await using started = await start({ validationStatus: () => 500, quotas: quotasOf({}) });
    const answer = await ask(started.gateway, post("{}"));
    assert.deepEqual(
      [answer.status, JSON.parse(answer.body).status, answer.headers["x-ratelimit-used"]],
      [500, 500, "1"],
    );
  });
});

describe("what the document allows goes on byte for byte:", () => {
  const odd = ' {"title" :"caf\u00e9\\u0041", "labels":["a-b"] , "body":null}\n';
  test("a body that was judged, with its length", async () => {
    await using started = await start();
    const { gateway, upstream } = started;
    assert.equal((await ask(gateway, post(odd))).status, 200);
    const [got] = upstream.requests;
    assert.deepEqual([got?.body, got?.headers["content-length"]], [odd, String(Buffer.byteLength(odd))]);
  });

  test("one that came in pieces, with `Expect`", async () => {
    await using started = await start();
    const { gateway, upstream } = started;
    const request = open(gateway, "POST", { ...JSON_TYPE, expect: "100-continue" }, "/issues");
    request.flushHeaders();
    await once(request, "continue");
    for (const piece of odd) request.write(piece);
    request.end();
    assert.equal((await responseOf(request)).statusCode, 200);
    assert.equal(upstream.requests[0]?.body, odd);
  });

  test("parameters as they were written", async () => {
    await using started = await start();
    const { gateway, upstream } = started;
    const path = "/issues?limit=%31%30&label=a&label=b&ids=1,2&mine=true&filter[a]=1&other=%zz&x";
    assert.equal((await ask(gateway, { path, headers: { "x-page": "5" } })).status, 200);
    assert.equal(upstream.requests[0]?.url, path);
  });

  test("an upload, unread and as a stream", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    await using upstream = await startStreamingUpstream(async (request, response) => {
      request.once("data", () => resolve());
      response.end(await textOf(request));
    });
    await using gateway = await startGateway(upstream.url, {
      findOperation: operations(),
      judgedBytesMax: 10,
    });
    const request = open(gateway, "POST", { "content-type": "application/octet-stream" }, "/issues");
    request.write("more than ");
    await begun;
    request.end("ten bytes");
    assert.equal(await textOf(await responseOf(request)), "more than ten bytes");
  });

  test("a body that nothing is said about", async () => {
    await using started = await start();
    const answer = await ask(started.gateway, {
      method: "POST",
      path: "/jobs/1:cancel",
      headers: AS_GRANT,
      body: "{",
    });
    assert.equal(answer.status, 200);
  });
});

describe("bodies that are read whole", () => {
  test("of callers that leave meanwhile are forgotten", async () => {
    await using started = await start();
    const { gateway, upstream } = started;
    const request = open(
      gateway,
      "POST",
      { ...JSON_TYPE, "content-length": "100", expect: "100-continue" },
      "/issues",
    );
    request.flushHeaders();
    await once(request, "continue");
    request.write("{");
    request.destroy();
    await gateway.logged(1);
    assert.equal(gateway.lines[0]?.fields["outcome"], "left");
    assert.equal(upstream.requests.length, 0);
  });

  test("are never sent while they are too large: the caller hears of it at once", async () => {
    await using started = await start({ judgedBytesMax: 1_000 });
    const head =
      "POST /issues HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer grant\r\nContent-Type: application/json\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n";
    const answer = await askRaw(started.gateway, head);
    assert.match(answer, /^HTTP\/1\.1 413 /);
  });
});

test("without a document operations are marked by patterns, and all else passes", async () => {
  const marks = { content: false, cost: null, resource: null, idempotency: "gateway", scopes: [] } as const;
  const read = readPatterns([
    { method: "POST", path: "/issues/{number}/comments", marks: { ...marks, content: true, cost: 9 } },
    { method: "*", path: "/admin/**", marks: { ...marks, scopes: ["admin"] } },
  ]);
  assert.ok(read.kind === "operations");
  const comment = read.find("POST", "/issues/7/comments");
  assert.ok(comment.kind === "operation");
  assert.deepEqual([comment.operation.isContent, comment.operation.cost], [true, 9]);
  assert.deepEqual(read.find("GET", "/issues/7/comments"), { kind: "unlisted" });
  await using started = await start({ findOperation: read.find });
  const status = async (path: string): Promise<number> =>
    (await ask(started.gateway, { path, headers: AS_GRANT })).status;
  assert.deepEqual(
    [
      await status("/admin/users/1"),
      await status("/admin"),
      await status("/x/../admin/users"),
      await status("/other"),
    ],
    [403, 200, 400, 200],
  );
});
