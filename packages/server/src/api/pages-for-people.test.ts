import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Apis, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
before(async () => {
  apis = await openApis();
});
after(() => apis.close());

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
