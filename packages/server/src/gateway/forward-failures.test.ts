import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { AS_GRANT, ask, startGateway } from "./gateway-fixtures.contract.ts";
import { startRawUpstream, startStreamingUpstream } from "./upstream-fixtures.contract.ts";

describe("an upstream that fails", () => {
  test("before its headers for too long is a 504, which is free", async () => {
    await using upstream = await startStreamingUpstream(() => {});
    await using gateway = await startGateway(null, { upstream: { url: upstream.url, timeoutMs: 50 } });
    const answer = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual([answer.status, answer.headers["x-ratelimit-used"]], [504, "0"]);
    assert.equal(JSON.parse(answer.body).type, "urn:trulinks:problem:upstream-timeout");
  });

  const garbled: readonly [string, string][] = [
    ["speaks no HTTP", "hello\r\n\r\n"],
    ["gives two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"],
    [
      "gives a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
    ],
    ["upgrades unasked", "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["hangs up", ""],
  ];
  for (const [reason, bytes] of garbled) {
    test(`because it ${reason} is a 502, which is free`, async () => {
      await using upstream = await startRawUpstream((socket) => {
        socket.once("data", () => socket.end(bytes, "latin1"));
      });
      await using gateway = await startGateway(upstream.url);
      const answer = await ask(gateway, { method: "POST", headers: AS_GRANT, body: "x" });
      assert.deepEqual([answer.status, answer.headers["x-ratelimit-used"]], [502, "0"]);
      const { port } = new URL(upstream.url);
      assert.ok(
        !(answer.body + JSON.stringify(answer.headers)).includes(port),
        "where the upstream is, is nobody's affair",
      );
    });
  }

  test("by closing a kept connection just as it is used is asked once more, if that is safe", async () => {
    const asked: string[] = [];
    await using upstream = await startRawUpstream((socket, connection) => {
      let requests = 0;
      socket.on("data", (text: string) => {
        requests += 1;
        asked.push(`${connection}: ${text.slice(0, text.indexOf(" "))}`);
        if (requests === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        else socket.destroy();
      });
    });
    await using gateway = await startGateway(upstream.url);
    const statuses = [];
    for (const method of ["GET", "GET", "POST"]) {
      statuses.push((await ask(gateway, { method, headers: AS_GRANT })).status);
    }
    assert.deepEqual(statuses, [200, 200, 502]);
    assert.deepEqual(asked, ["1: GET", "1: GET", "2: GET", "2: POST"]);
  });

  test("again and again is asked no third time", async () => {
    let asked = 0;
    await using upstream = await startRawUpstream((socket) => {
      socket.once("data", () => {
        asked += 1;
        socket.destroy();
      });
    });
    await using gateway = await startGateway(upstream.url);
    assert.equal((await ask(gateway, { headers: AS_GRANT })).status, 502);
    assert.equal(asked, 2);
  });

  test("to keep up has no more requests under way than it may have, and the refused one is free", async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<ServerResponse>();
    await using upstream = await startStreamingUpstream((_request, response) => resolve(response));
    await using gateway = await startGateway(null, {
      upstream: { url: upstream.url, timeoutMs: 10_000, inFlightMax: 1 },
    });
    const first = ask(gateway, { headers: AS_GRANT });
    const held = await arrived;
    const second = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual([second.status, second.headers["retry-after"]], [503, "1"]);
    assert.equal(second.headers["x-ratelimit-used"], "1", "only the one under way counts");
    held.end();
    assert.equal((await first).status, 200);
  });
});
