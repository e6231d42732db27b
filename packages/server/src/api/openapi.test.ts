import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { type Apis, openApis } from "./api-fixtures.contract.ts";
import { withWebhooks } from "./webhooks-document.ts";

const GOLDENS = new URL("../../../../test/goldens/", import.meta.url);

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, unknown>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

for (const name of ["provider", "integrator"] as const) {
  describe(`the OpenAPI document of the ${name}'s API`, () => {
    test("is what the golden file says; UPDATE=1 rewrites it", async () => {
      const golden = new URL(`${name}.openapi.json`, GOLDENS);
      const made = `${JSON.stringify(apis[name].swagger(), null, 2)}\n`;
      if (process.env["UPDATE"] === "1") await writeFile(golden, made);
      assert.equal(made, await readFile(golden, "utf8"));
    });

    test("says of each operation what it is for, who may and what can go wrong", () => {
      const paths = apis[name].swagger().paths as Paths;
      const ids = new Set<string>();
      for (const [path, operations] of Object.entries(paths)) {
        for (const [method, operation] of Object.entries(operations)) {
          const at = `${method} ${path}`;
          const { operationId = "", summary, description, tags, security, responses } = operation;
          assert.ok(summary && description && tags?.length && security?.length, at);
          assert.ok(operationId !== "" && !ids.has(operationId), `${at} has an id of its own`);
          ids.add(operationId);
          for (const status of ["401", "422", "500", "503"]) assert.ok(responses[status], `${at}: ${status}`);
          assert.ok(
            Object.keys(responses).some((status) => /^[23]/.test(status)),
            at,
          );
        }
      }
    });

    test("is served where it is said to be", async () => {
      const answer =
        name === "provider"
          ? await apis.ask({ method: "GET", path: "/v1/openapi.json" })
          : await apis.askPublic({ method: "GET", path: "/integrations/openapi.json", as: null });
      assert.equal(answer.json.openapi, "3.1.0");
      assert.deepEqual(answer.json, JSON.parse(JSON.stringify(withWebhooks(apis[name].swagger(), []))));
    });
  });
}
