import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { verifyIdentity } from "@trulinks/protocol";
import { AS_GRANT, ask, IDENTITY_KEY, startGateway } from "./gateway-fixtures.contract.ts";
import { startUpstream } from "./upstream-fixtures.contract.ts";

describe("the identity that the upstream sees", () => {
  test("is signed for exactly the request it gets, below the base path", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(`${upstream.url}/v1/`);
    await ask(gateway, { method: "POST", path: "/issues?state=open&q=%20", headers: AS_GRANT, body: "x" });
    const [seen] = upstream.requests;
    assert.equal(seen?.url, "/v1/issues?state=open&q=%20");
    assert.deepEqual(
      ["user", "app", "grant", "scopes"].map((name) => seen?.headers[`trulinks-${name}`]),
      ["ada", "app_1", "grn_1", "issues:read issues:write"],
    );
    const identity = {
      method: "POST",
      target: "/v1/issues?state=open&q=%20",
      request: String(seen?.headers["trulinks-request"]),
      user: "ada",
      app: "app_1",
      grant: "grn_1",
      scopes: "issues:read issues:write",
    };
    const signature = String(seen?.headers["trulinks-identity"]);
    assert.equal(await verifyIdentity(IDENTITY_KEY, identity, signature, Date.now()), true);
    assert.equal(
      await verifyIdentity(IDENTITY_KEY, { ...identity, user: "eve" }, signature, Date.now()),
      false,
    );
    assert.equal(
      await verifyIdentity(IDENTITY_KEY, { ...identity, target: "/v1/" }, signature, Date.now()),
      false,
    );
  });

  test("is the same request's that the caller is told and that stands in the log", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const { headers } = await ask(gateway, { headers: AS_GRANT, path: "/a?token=secret" });
    const id = headers["trulinks-request"];
    assert.equal(upstream.requests[0]?.headers["trulinks-request"], id);
    await gateway.logged(1);
    const { event, fields } = gateway.lines[0] ?? { event: "", fields: {} };
    const { duration_ms, ...rest } = fields;
    assert.equal(typeof duration_ms, "number");
    assert.equal(event, "request.admitted");
    assert.deepEqual(rest, {
      request: id,
      method: "GET",
      path: "/a",
      caller: "grant",
      grant: "grn_1",
      user: "ada",
      app: "app_1",
      token: "tok_1",
      status: 200,
      outcome: "answered",
    });
  });

  test("never comes from outside, whatever the spelling, and credentials never go on", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const forged = [
      ...[
        "TruLinks-User",
        "TRULINKS-USER",
        "TruLinks_User",
        "trulinks_user",
        "TruLinks-Identity",
        "TRULINKS_IDENTITY",
      ],
      ...["TruLinks-Scopes", "TruLinks_Grant", "TruLinks-Anything", "trulinks-_x"],
    ].flatMap((name) => [name, "forged"]);
    const credentials = ["Authorization", "Bearer user", "Proxy-Authorization", "Basic x"];
    await ask(gateway, { headers: ["Host", "api.example", ...credentials, ...forged] });
    const [seen] = upstream.requests;
    assert.doesNotMatch(JSON.stringify(seen?.rawHeaders), /forged|uthorization|Bearer/);
    assert.equal(seen?.headers["trulinks-user"], "ada");
    assert.equal(seen?.headers["trulinks-app"], undefined);
    assert.equal(
      seen?.headers["trulinks-scopes"],
      undefined,
      "a personal token without scopes is bound by none",
    );
  });

  test("of an anonymous caller names nobody and is signed all the same", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    await ask(gateway, { headers: { "TruLinks-User": "root" } });
    const { headers } = upstream.requests[0] ?? { headers: {} };
    const names = Object.keys(headers).filter((name) => name.startsWith("trulinks-"));
    assert.deepEqual(names.sort(), ["trulinks-identity", "trulinks-request"]);
  });
});
