import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { AS_GRANT, ask, askRaw, open, responseOf, startGateway } from "./gateway-fixtures.contract.ts";
import {
  startRawUpstream,
  startStreamingUpstream,
  startUpstream,
  textOf,
} from "./upstream-fixtures.contract.ts";

describe("what the upstream reads", () => {
  test("is exactly the request, with the gateway's words added at the end", async () => {
    const { promise: seen, resolve } = Promise.withResolvers<string>();
    await using upstream = await startRawUpstream((socket) => {
      let text = "";
      socket.on("data", (chunk: string) => {
        text += chunk;
        if (!text.endsWith("body!")) return;
        resolve(text);
        socket.end("HTTP/1.1 201 Made It\r\nX-Answer: caf\xe9\r\nContent-Length: 2\r\n\r\nok", "latin1");
      });
    });
    await using gateway = await startGateway(`${upstream.url}/base`);
    const answer = await askRaw(
      gateway,
      [
        "POST //x/./%2e?q=%zz&a|b HTTP/1.1",
        "Host: api.example",
        "Authorization: Basic app",
        "X-Latin: caf\xe9",
        "X-Two: 1",
        "x-two: 2",
        "Content-Length: 5",
        "Connection: close",
        "",
        "body!",
      ].join("\r\n"),
    );
    const text = await seen;
    const lines = text.split("\r\n").filter((line) => !/^TruLinks-(Request|Identity): /.test(line));
    assert.deepEqual(lines, [
      "POST /base//x/./%2e?q=%zz&a|b HTTP/1.1",
      `host: ${new URL(upstream.url).host}`,
      "connection: keep-alive",
      "X-Latin: caf\xe9",
      "X-Two: 1",
      "x-two: 2",
      "X-Forwarded-For: 127.0.0.1",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Host: api.example",
      "Via: 1.1 trulinks",
      "TruLinks-App: app_1",
      "content-length: 5",
      "",
      "body!",
    ]);
    assert.match(answer, /^HTTP\/1\.1 201 Made It\r\nX-Answer: caf\xe9\r\nContent-Length: 2\r\n/);
    assert.match(answer, /\r\n\r\nok$/);
  });

  test("is chunked while it is not known how long it will be", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    await using upstream = await startStreamingUpstream(async (request, response) => {
      request.once("data", () => resolve());
      response.end(`${request.headers["transfer-encoding"]}: ${await textOf(request)}`);
    });
    await using gateway = await startGateway(upstream.url);
    const request = open(gateway, "PUT");
    request.write("one ");
    await begun;
    request.end("two");
    assert.equal(await textOf(await responseOf(request)), "chunked: one two");
  });

  for (const method of ["PUT", "DELETE", "GET"]) {
    test(`has its length in a ${method}`, async () => {
      await using upstream = await startUpstream();
      await using gateway = await startGateway(upstream.url);
      await ask(gateway, { method, headers: { ...AS_GRANT, "content-length": "3" }, body: "abc" });
      const { headers, body } = upstream.requests[0] ?? { headers: {}, body: "" };
      assert.deepEqual(
        [headers["content-length"], headers["transfer-encoding"], body],
        ["3", undefined, "abc"],
      );
    });
  }

  test("is the path of an absolute target, whose host outranks the header", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const bytes = "GET http://public.example/a?b HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n";
    assert.match(await askRaw(gateway, bytes), /^HTTP\/1\.1 200 /);
    assert.equal(upstream.requests[0]?.url, "/a?b");
    assert.equal(upstream.requests[0]?.headers["x-forwarded-host"], "public.example");
  });

  test("has no expectation, which the gateway meets itself before it reads the body", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const request = open(gateway, "POST", { expect: "100-continue", "content-length": "5" });
    request.flushHeaders();
    await once(request, "continue");
    request.end("hello");
    assert.equal((await responseOf(request)).statusCode, 200);
    assert.deepEqual(
      [upstream.requests[0]?.body, upstream.requests[0]?.headers.expect],
      ["hello", undefined],
    );
  });

  test("is nothing of a body whose request was refused: it is never asked for", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const head =
      "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    const answer = await askRaw(gateway, head);
    assert.match(answer, /^HTTP\/1\.1 401 /);
    assert.match(answer, /Connection: close/i);
    assert.doesNotMatch(answer, /100 Continue/);
  });
});
