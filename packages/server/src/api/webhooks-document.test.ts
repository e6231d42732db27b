import assert from "node:assert/strict";
import { test } from "node:test";
import { openApis } from "./api-fixtures.contract.ts";

const schema = {
  $id: "https://example.com/issue.json",
  $schema: "https://json-schema.org/draft/2020-12/schema",
  properties: { user: { $ref: "#/$defs/user" }, parent: { $ref: "#" }, $ref: { type: "string" } },
  $defs: { user: { properties: { boss: { $ref: "#/$defs/user" } } } },
};

test("the documents list the registered types and the platform's own, and only those, with references that lead where they led", async () => {
  const apis = await openApis();
  const ask = async () => [
    (await apis.ask({ method: "GET", path: "/v1/openapi.json" })).json,
    (await apis.askPublic({ method: "GET", path: "/integrations/openapi.json", as: null })).json,
  ];
  const own = ["hook.failing", "hook.paused", "hook.resumed"];
  for (const document of await ask()) assert.deepEqual(Object.keys(document.webhooks), own);

  const body = {
    schema,
    description: "An issue was opened.",
    examples: [{ user: {} }],
    scopes: ["issues:read"],
  };
  await apis.ask({ method: "PUT", path: "/v1/event-types/issue.opened", body });
  await apis.ask({ method: "PUT", path: "/v1/event-types/issue.closed", body: { schema: {} } });
  for (const document of await ask()) {
    assert.deepEqual(Object.keys(document.webhooks), [...own, "issue.closed", "issue.opened"]);
    const { post } = document.webhooks["issue.opened"];
    assert.equal(
      post.description,
      "An issue was opened.\n\nVersion 1.\n\nOnly for grants with one of these scopes: issues:read.",
    );
    const { schema: envelope, examples } = post.requestBody.content["application/json"];
    assert.equal(envelope.properties.type.const, "issue.opened");
    assert.equal(envelope.properties.data.$ref, "#/components/schemas/event.issue.opened");
    assert.deepEqual(examples["example-1"].value.data, { user: {} });
    const at = "#/components/schemas/event.issue.opened";
    assert.deepEqual(document.components.schemas["event.issue.opened"], {
      properties: { user: { $ref: `${at}/$defs/user` }, parent: { $ref: at }, $ref: { type: "string" } },
      $defs: { user: { properties: { boss: { $ref: `${at}/$defs/user` } } } },
    });
    assert.ok(document.components.schemas.EventType);
  }

  await apis.ask({ method: "DELETE", path: "/v1/event-types/issue.opened" });
  for (const document of await ask())
    assert.deepEqual(Object.keys(document.webhooks), [...own, "issue.closed"]);
  await apis.close();
});
