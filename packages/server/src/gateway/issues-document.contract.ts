/** An OpenAPI document of an API with issues, for tests. */

export function issuesDocument(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { ...structuredClone(DOCUMENT), ...over };
}

const NUMBER = {
  name: "number",
  in: "path",
  required: true,
  schema: { type: "integer", minimum: 1 },
} as const;

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "Issues", version: "1" },
  security: [{ token: [] }],
  paths: {
    "/issues": {
      get: {
        security: [{}, { token: ["issues:read"] }],
        parameters: [
          { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100 } },
          { name: "label", in: "query", schema: { type: "array", items: { type: "string", maxLength: 20 } } },
          {
            name: "ids",
            in: "query",
            explode: false,
            schema: { type: "array", items: { type: "integer" }, maxItems: 3 },
          },
          { name: "mine", in: "query", schema: { $ref: "#/components/schemas/Flag" } },
          { name: "X-Page", in: "header", schema: { type: "integer" } },
          { name: "filter", in: "query", style: "deepObject", schema: { type: "object" } },
        ],
      },
      post: {
        security: [{ token: ["issues:write"] }],
        "x-trulinks-content": true,
        "x-trulinks-cost": 7,
        "x-trulinks-resource": "issues",
        "x-trulinks-idempotency": "upstream",
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/Issue" } },
            "application/octet-stream": {},
            "text/*": { schema: { type: "string" } },
          },
        },
      },
    },
    "/issues/{number}": {
      parameters: [NUMBER],
      get: {},
      patch: { requestBody: { content: { "application/merge-patch+json": { schema: { type: "object" } } } } },
    },
    "/issues/mine": { get: {} },
    "/compare/{base}...{head}": {
      get: {
        security: [],
        parameters: ["base", "head"].map((name) => ({
          ...{ name, in: "path", required: true },
          schema: { type: "string", pattern: "^[a-z0-9]+$" },
        })),
      },
    },
    "/jobs/{job}:cancel": {
      post: { parameters: [{ name: "job", in: "path", required: true, schema: { type: "string" } }] },
    },
  },
  components: {
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
    schemas: {
      Flag: { type: "boolean" },
      Issue: {
        type: "object",
        description: "What people report",
        properties: {
          id: { type: "integer", readOnly: true },
          title: { type: "string", minLength: 1, example: "It leaks" },
          body: { type: ["string", "null"], format: "markdown" },
          labels: { type: "array", items: { $ref: "#/components/schemas/Label" } },
          parent: { $ref: "#/components/schemas/Issue" },
          priority: { type: "integer", maximum: 5 },
        },
        required: ["id", "title"],
        additionalProperties: false,
        "x-note": "ours",
      },
      Label: { type: "string", pattern: "^[a-z]+(-[a-z]+)*$", maxLength: 20 },
    },
  },
};
