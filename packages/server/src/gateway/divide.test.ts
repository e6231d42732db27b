import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { divide } from "./divide.ts";
import { askRaw } from "./gateway-fixtures.contract.ts";

describe("the public listener is divided", () => {
  const saying =
    (name: string): RequestListener =>
    ({ url }, response) => {
      // As Fastify does: what was set before has to come through.
      response.writeHead(200, { "X-Owner": name, "X-Target": url });
      response.end();
    };
  const owners = { own: saying("own"), rest: saying("rest") };
  const server = createServer(divide({ prefix: "/integrations", aliases: true, ...owners }));
  const bare = createServer(divide({ prefix: "/p/q", aliases: false, ...owners }));

  before(async () => {
    for (const one of [server, bare]) await new Promise<void>((done) => one.listen(0, "127.0.0.1", done));
  });
  after(() => {
    server.close();
    bare.close();
  });

  const cases: readonly (readonly [string, typeof server, string, "own" | "rest"])[] = [
    ["the prefix itself", server, "GET /integrations", "own"],
    ["what lies below it", server, "GET /integrations/hooks?limit=1", "own"],
    ["what only begins alike", server, "GET /integrations2/hooks", "rest"],
    ["an alias", server, "GET /rate_limit?x=1", "own"],
    ["what lies below an alias", server, "GET /meta/x", "rest"],
    ["an alias that is freed", bare, "GET /meta", "rest"],
    ["a prefix that moved", bare, "GET /p/q/policy", "own"],
    ["an absolute target", server, "GET http://api.example/integrations/policy?x=1", "own"],
    ["an absolute target of the provider's", server, "GET http://api.example/issues", "rest"],
    ["the provider's API", server, "GET /issues", "rest"],
    ["a preflight, whatever it asks for", server, "OPTIONS /rate_limit", "rest"],
    ["what is no target", server, "GET /integrations/hooks#part", "rest"],
  ];
  for (const [why, listener, asked, owner] of cases) {
    test(`${why} is the ${owner === "own" ? "platform's" : "gateway's"}`, async () => {
      const { port } = listener.address() as AddressInfo;
      const preflight = "Access-Control-Request-Method: GET\r\n";
      const headers = `Host: api.example\r\n${preflight}Connection: close\r\n`;
      const answer = await askRaw({ port }, `${asked} HTTP/1.1\r\n${headers}\r\n`);
      assert.match(answer, new RegExp(`\r\nX-Owner: ${owner}\r\n`));
      assert.equal(/Access-Control-Allow-Origin: \*\r\n/.test(answer), owner === "own");
      const [, target = ""] = /^[A-Z]+ (?:http:\/\/[^/]+)?(.*)$/.exec(asked) ?? [];
      if (owner === "own") assert.ok(answer.includes(`X-Target: ${target}\r\n`), answer);
    });
  }
});
