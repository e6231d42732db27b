import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { AS_GRANT, ask, askRaw, open, responseOf, startGateway } from "./gateway-fixtures.contract.ts";
import { startRawUpstream, startStreamingUpstream, startUpstream } from "./upstream-fixtures.contract.ts";

describe("what the caller reads", () => {
  test("repeats what the upstream repeats, and has no hop-by-hop header of it", async () => {
    await using upstream = await startUpstream((_request, response) => {
      response.writeHead(200, [
        ...[
          "Set-Cookie",
          "a=1",
          "set-cookie",
          "b=2",
          "Connection",
          "X-Hop",
          "X-Hop",
          "1",
          "X-RateLimit-Limit",
          "9",
        ],
      ]);
      response.end("ok");
    });
    await using gateway = await startGateway(upstream.url);
    const { headers, rawHeaders } = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"]);
    assert.equal(headers["x-hop"], undefined);
    assert.equal(rawHeaders.filter((name) => name.toLowerCase() === "x-ratelimit-limit").length, 1);
    assert.equal(headers["x-ratelimit-limit"], "5000");
  });

  const bodiless: readonly [string, string, number, Record<string, string>, string | undefined][] = [
    ["the length of a HEAD, without a body", "HEAD", 200, { "content-length": "1234" }, "1234"],
    ["a HEAD without a length", "HEAD", 200, {}, undefined],
    ["a 204", "GET", 204, {}, undefined],
    ["a 304 with the length of what it stands for", "GET", 304, { "content-length": "1234" }, "1234"],
  ];
  for (const [reason, method, status, headers, length] of bodiless) {
    test(`is ${reason}, and the connection serves the next request`, async () => {
      await using upstream = await startUpstream((_request, response) => {
        response.writeHead(status, headers);
        response.end();
      });
      await using gateway = await startGateway(upstream.url);
      const one = `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`;
      const answers = await askRaw(
        gateway,
        `${one}${one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")}`,
      );
      const [, first, second] =
        answers.split(/(?=HTTP\/1\.1 )/).length === 2 ? ["", ...answers.split(/(?=HTTP\/1\.1 )/)] : [];
      for (const answer of [first, second]) {
        assert.match(answer ?? "", new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.match(answer ?? "", /\r\n\r\n$/, "nothing follows the headers");
        assert.equal(/content-length: ([0-9]+)/i.exec(answer ?? "")?.[1], length);
        assert.doesNotMatch(answer ?? "", /transfer-encoding/i);
      }
    });
  }

  test("is whole for an HTTP/1.0 client, though the upstream sends chunks", async () => {
    await using upstream = await startUpstream((_request, response) => {
      response.write("one ");
      response.end("two");
    });
    await using gateway = await startGateway(upstream.url);
    const answer = await askRaw(gateway, "GET / HTTP/1.0\r\n\r\n");
    assert.match(answer, /\r\n\r\none two$/);
    assert.doesNotMatch(answer, /transfer-encoding/i);
  });

  test("is an event as soon as the upstream has sent it", async () => {
    const { promise: stream, resolve } = Promise.withResolvers<ServerResponse>();
    await using upstream = await startStreamingUpstream((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-latin": "caf\xe9" });
      response.write(Buffer.alloc(0));
      resolve(response);
    });
    await using gateway = await startGateway(upstream.url);
    const response = await responseOf(open(gateway, "GET").end());
    assert.equal(response.headers["content-type"], "text/event-stream");
    assert.equal(response.headers["x-latin"], "caf\xe9");
    response.setEncoding("utf8");
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      (await stream).write(event);
      const [chunk] = await once(response, "data");
      assert.equal(chunk, event);
    }
    (await stream).end();
    await once(response, "end");
  });

  test("is the final answer, not what the upstream hints at before", async () => {
    await using upstream = await startRawUpstream((socket) => {
      socket.once("data", () => {
        socket.write(
          "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        );
      });
    });
    await using gateway = await startGateway(upstream.url);
    const answer = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual([answer.status, answer.body, answer.headers.link], [200, "ok", undefined]);
  });
});
