import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { issuesDocument } from "./issues-document.contract.ts";
import { OPERATIONS_MAX, readOpenapi } from "./openapi-document.ts";
import { createRouter, PATH_PARAMETER_CHARACTERS_MAX } from "./operation-router.ts";

type Member = Readonly<Record<string, unknown>>;

function routerOf(document: unknown): ReturnType<typeof createRouter> {
  const read = readOpenapi(document);
  assert.ok(read.kind === "operations", JSON.stringify(read));
  return createRouter(read.routed);
}

function withPath(path: string, item: unknown): Member {
  return issuesDocument({ paths: { [path]: item } });
}

const GET = { get: {} };
const postOf = (schema: unknown): Member => ({
  post: { requestBody: { content: { "application/json": { schema } } } },
});
const parameter = (over: Member): Member => ({
  get: { parameters: [{ name: "a", in: "query", schema: {}, ...over }] },
});
const many = (count: number, each: (index: number) => readonly [string, unknown]): Member =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => each(index)));

describe("a document is refused at the start, with the place and what was expected,", () => {
  const cases: readonly [because: string, document: unknown, pointer: string, words: RegExp][] = [
    ["it is no object", [], "", /an object/],
    ["it is of another version", issuesDocument({ openapi: "3.0.3" }), "/openapi", /3\.1/],
    ["it has no paths", issuesDocument({ paths: undefined }), "/paths", /paths/],
    ["a path begins without a slash", withPath("issues", GET), "/paths/issues", /begins with \//],
    [
      "a path has three names in a segment",
      withPath("/{a}-{b}-{c}", GET),
      "/paths/~1{a}-{b}-{c}",
      /at most 2/,
    ],
    ["names follow one another", withPath("/{a}{b}", GET), "/paths/~1{a}{b}", /between/],
    ["a name stands twice", withPath("/{a}/{a}", GET), "/paths/~1{a}~1{a}", /once/],
    ["a path has a wildcard", withPath("/a/*", GET), "/paths/~1a~1*", /without \*/],
    ["a method is misspelt", withPath("/a", { psot: {} }), "/paths/~1a/psot", /Did you mean/],
    ["a name has no parameter", withPath("/{a}", GET), "/paths/~1{a}/get", /\{a\}/],
    [
      "a parameter of the path is optional",
      withPath("/{a}", parameter({ in: "path" })),
      "/paths/~1{a}/get/parameters/0",
      /required/,
    ],
    [
      "a parameter is nowhere in the path",
      withPath("/b", parameter({ in: "path", required: true })),
      "/paths/~1b/get/parameters/0/name",
      /\{a\}/,
    ],
    [
      "a parameter is somewhere unknown",
      withPath("/b", parameter({ in: "body" })),
      "/paths/~1b/get/parameters/0/in",
      /query/,
    ],
    [
      "a parameter has no schema",
      withPath("/b", parameter({ schema: undefined })),
      "/paths/~1b/get/parameters/0",
      /schema/,
    ],
    [
      "a schema's word is misspelt",
      withPath("/b", postOf({ tpye: "string" })),
      "/paths/~1b/post/requestBody/content/application~1json/schema/tpye",
      /type/,
    ],
    [
      "a schema is of OpenAPI 3.0",
      withPath("/b", postOf({ nullable: true })),
      "/paths/~1b/post/requestBody/content/application~1json/schema/nullable",
      /null/,
    ],
    [
      "a type is unknown",
      withPath("/b", parameter({ schema: { type: "int" } })),
      "/paths/~1b/get/parameters/0/schema/type",
      /integer/,
    ],
    [
      "a reference leads nowhere",
      withPath("/b", postOf({ $ref: "#/components/schemas/Isue" })),
      "/paths/~1b/post/requestBody/content/application~1json/schema/$ref",
      /leads to no schema/,
    ],
    [
      "a reference leads elsewhere",
      withPath("/b", postOf({ $ref: "https://example.com/issue.json" })),
      "/paths/~1b/post/requestBody/content/application~1json/schema/$ref",
      /within/,
    ],
    [
      "a path item refers to itself",
      issuesDocument({ paths: { "/b": { $ref: "#/paths/~1b" } } }),
      "/paths/~1b/$ref",
      /at most 16/,
    ],
    [
      "a scheme is unknown",
      withPath("/b", { get: { security: [{ tokn: [] }] } }),
      "/paths/~1b/get/security/0/tokn",
      /token/,
    ],
    [
      "a scope is no text",
      withPath("/b", { get: { security: [{ token: [5] }] } }),
      "/paths/~1b/get/security/0/token",
      /scopes/,
    ],
    ["security is no list", withPath("/b", { get: { security: {} } }), "/paths/~1b/get/security", /list/],
    [
      "a mark is misspelt",
      withPath("/b", { get: { "x-trulinks-csot": 5 } }),
      "/paths/~1b/get/x-trulinks-csot",
      /x-trulinks-cost/,
    ],
    [
      "a cost is none",
      withPath("/b", { get: { "x-trulinks-cost": "5" } }),
      "/paths/~1b/get/x-trulinks-cost",
      /whole number/,
    ],
    [
      "a body has no content",
      withPath("/b", { post: { requestBody: {} } }),
      "/paths/~1b/post/requestBody/content",
      /media type/,
    ],
    [
      "a media type is none",
      withPath("/b", { post: { requestBody: { content: { json: {} } } } }),
      "/paths/~1b/post/requestBody/content/json",
      /media type/,
    ],
    [
      "two paths are one",
      issuesDocument({ paths: { "/{a}": parameterOfPath("a"), "/{b}": parameterOfPath("b") } }),
      "/paths/~1{b}",
      /\/\{a\}/,
    ],
    [
      "it has too many operations",
      issuesDocument({ paths: many(OPERATIONS_MAX + 1, (n) => [`/p${n}`, GET]) }),
      `/paths/~1p${OPERATIONS_MAX}`,
      /at most 10000/,
    ],
    ["it is nested too deeply", issuesDocument({ "x-deep": nested(250) }), "", /200 levels/],
    [
      "what a schema brings along is too much to compile",
      issuesDocument({
        paths: { "/b": postOf({ $ref: "#/components/schemas/S0" }) },
        security: [],
        components: {
          schemas: many(1_200, (n) => [`S${n}`, n < 1_199 ? { $ref: `#/components/schemas/S${n + 1}` } : {}]),
        },
      }),
      "/components/schemas/S0",
      /1000 schemas/,
    ],
  ];
  for (const [because, document, pointer, words] of cases) {
    test(`where ${because}`, () => {
      const read = readOpenapi(document);
      assert.ok(read.kind === "flawed", "it was taken");
      assert.equal(read.flaws[0]?.pointer, pointer, JSON.stringify(read.flaws));
      assert.match(read.flaws[0]?.message ?? "", words);
    });
  }

  test("with what several operations share told once, and no more than twenty flaws", () => {
    const shared = { ...issuesDocument(), components: { schemas: { Bad: { tpye: 1 } } } };
    const paths = many(3, (n) => [`/p${n}`, postOf({ $ref: "#/components/schemas/Bad" })]);
    const read = readOpenapi({ ...shared, security: [], paths });
    assert.ok(read.kind === "flawed");
    assert.deepEqual(
      read.flaws.map(({ pointer }) => pointer),
      ["/components/schemas/Bad/tpye"],
    );
    const bad = readOpenapi(issuesDocument({ paths: many(100, (n) => [`p${n}`, GET]) }));
    assert.equal(bad.kind === "flawed" && bad.flaws.length, 20);
  });
});

function parameterOfPath(name: string): Member {
  return { get: { parameters: [{ name, in: "path", required: true, schema: {} }] } };
}

function nested(levels: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}

describe("an operation is found", () => {
  const find = routerOf(issuesDocument());
  const found: readonly [
    because: string,
    method: string,
    path: string,
    expected: string,
    parameters?: Member,
  ][] = [
    ["by its path", "GET", "/issues", "GET /issues"],
    ["by a template", "GET", "/issues/7", "GET /issues/{number}", { number: "7" }],
    ["by its own path before a template", "GET", "/issues/mine", "GET /issues/mine"],
    ["with a name decoded", "GET", "/issues/a%2Fb%20c", "GET /issues/{number}", { number: "a/b c" }],
    [
      "with two names in a segment",
      "GET",
      "/compare/v1...v2",
      "GET /compare/{base}...{head}",
      { base: "v1", head: "v2" },
    ],
    ["with a verb behind a colon", "POST", "/jobs/j1:cancel", "POST /jobs/{job}:cancel", { job: "j1" }],
    ["for HEAD where there is GET", "HEAD", "/issues", "GET /issues"],
  ];
  for (const [because, method, path, expected, parameters = {}] of found) {
    test(because, () => {
      const one = find(method, path);
      assert.ok(one.kind === "operation", JSON.stringify(one));
      assert.deepEqual([one.operation.name, { ...one.parameters }], [expected, parameters]);
    });
  }

  const others: readonly [because: string, method: string, path: string, expected: object][] = [
    ["an unknown path", "GET", "/nothing", { kind: "unknown" }],
    ["a trailing slash", "GET", "/issues/", { kind: "unknown" }],
    ["two slashes", "GET", "//issues", { kind: "unknown" }],
    ["another case", "GET", "/Issues", { kind: "unknown" }],
    [
      "a name without end",
      "GET",
      `/issues/${"9".repeat(PATH_PARAMETER_CHARACTERS_MAX + 1)}`,
      { kind: "unknown" },
    ],
    ["another method", "DELETE", "/issues", { kind: "wrong-method", allow: "GET, POST, HEAD" }],
    ["a method that nobody has", "BREW", "/jobs/1:cancel", { kind: "wrong-method", allow: "POST" }],
    ["HEAD where there is no GET", "HEAD", "/jobs/1:cancel", { kind: "wrong-method", allow: "POST" }],
  ];
  for (const [because, method, path, expected] of others) {
    test(`but not by ${because}`, () => assert.deepEqual(find(method, path), expected));
  }
  for (const path of [
    "/issues/..",
    "/issues/%2e%2E",
    "/issues/.%2e/mine",
    "/./issues",
    "/issues/..%2fmine",
    "/issues/..\\mine",
    "/issues/..;a",
    "/issues/%",
  ]) {
    test(`but not by ${path}, which a server may read as another`, () => {
      assert.equal(find("GET", path).kind, "malformed");
    });
  }
  test("and one whose name has dots of its own is not mistaken for such a path", () => {
    assert.equal(find("GET", "/issues/..a").kind, "operation");
    assert.equal(find("GET", "/compare/a...b").kind, "operation");
  });

  test("with its marks", () => {
    const one = find("POST", "/issues");
    assert.ok(one.kind === "operation");
    const { isContent, cost, resource, idempotency } = one.operation;
    assert.deepEqual(
      { isContent, cost, resource, idempotency },
      { isContent: true, cost: 7, resource: "issues", idempotency: "upstream" },
    );
    const plain = find("GET", "/issues");
    assert.ok(plain.kind === "operation");
    assert.deepEqual(
      [
        plain.operation.isContent,
        plain.operation.cost,
        plain.operation.resource,
        plain.operation.idempotency,
      ],
      [false, null, "core", "gateway"],
    );
  });

  test("within a moment, whatever the path is", () => {
    const started = performance.now();
    for (const text of ["a", ".", "a.", "..."]) find("GET", `/compare/${text.repeat(15_000 / text.length)}`);
    assert.ok(performance.now() - started < 2_000);
  });
});
