import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { AS_GRANT, ask, open, responseOf, startGateway } from "./gateway-fixtures.contract.ts";
import { startStreamingUpstream, startUpstream, textOf } from "./upstream-fixtures.contract.ts";

const MIB = 1024 * 1024;

describe("a body that grows beyond the limit", () => {
  test("is a 413 that the sender can read though it has not finished, and reaches the upstream broken off", async () => {
    const { promise: broken, resolve } = Promise.withResolvers<boolean>();
    await using upstream = await startStreamingUpstream((request) => {
      request.resume();
      request.on("error", () => {});
      request.on("close", () => resolve(!request.complete));
    });
    await using gateway = await startGateway(upstream.url, { bodyBytesMax: MIB });
    const request = open(gateway, "POST");
    for (let chunks = 0; chunks < 24; chunks++) request.write(Buffer.alloc(64 * 1024));
    const response = await responseOf(request);
    assert.equal(response.statusCode, 413);
    assert.equal(response.headers.connection, "close");
    request.end();
    const body = JSON.parse(await textOf(response));
    assert.deepEqual(
      [body.type, body.detail],
      ["urn:trulinks:problem:too-large", "The body is larger than 1048576 bytes."],
    );
    assert.equal(await broken, true);
  });

  test("of exactly the limit passes", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, { bodyBytesMax: 1_000 });
    for (const headers of [
      { ...AS_GRANT, "content-length": "1000" },
      { ...AS_GRANT, "transfer-encoding": "chunked" },
    ]) {
      const answer = await ask(gateway, { method: "POST", headers, body: "x".repeat(1_000) });
      assert.equal(answer.status, 200);
    }
    const over = { ...AS_GRANT, "transfer-encoding": "chunked" };
    assert.equal(
      (await ask(gateway, { method: "POST", headers: over, body: "x".repeat(1_001) })).status,
      413,
    );
  });

  test("is dropped after a refusal, and the connection serves the next request", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const socket = connect(gateway.port, "127.0.0.1").setEncoding("latin1");
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nAuthorization: wrong\r\nContent-Length: 9\r\n\r\n");
    const [first] = await once(socket, "data");
    assert.match(first, /^HTTP\/1\.1 401 /);
    socket.write("GET / HTTGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const [second] = await once(socket, "data");
    assert.match(second, /^HTTP\/1\.1 200 /);
    assert.deepEqual(
      upstream.requests.map(({ url }) => url),
      ["/"],
    );
    socket.destroy();
  });
});
