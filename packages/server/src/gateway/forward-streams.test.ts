import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { open, responseOf, startGateway } from "./gateway-fixtures.contract.ts";
import { startStreamingUpstream, textOf } from "./upstream-fixtures.contract.ts";

const MIB = 1024 * 1024;

describe("back-pressure", () => {
  // Far more than the buffers between the two ends hold: sockets, streams and the kernel's own.
  const WHOLE = 64 * MIB;

  test("of a slow reader reaches the upstream", async () => {
    let sent = 0;
    await using upstream = await startStreamingUpstream(async (_request, response) => {
      const chunk = Buffer.alloc(64 * 1024, "x");
      while (sent < WHOLE) {
        sent += chunk.length;
        if (!response.write(chunk)) await once(response, "drain");
      }
      response.end();
    });
    await using gateway = await startGateway(upstream.url);
    const response = await responseOf(open(gateway, "GET").end());
    response.pause();
    // It goes on until the buffers are full; wait for a standstill.
    let before = -1;
    while (before !== sent) {
      before = sent;
      await systemClock.sleep(300);
    }
    assert.ok(sent < WHOLE / 2, `${sent} bytes were taken from the upstream while nobody read`);
    let read = 0;
    for await (const chunk of response) read += (chunk as Uint8Array).length;
    assert.equal(read, WHOLE);
  });

  test("of a slow upstream reaches the caller", async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<[IncomingMessage, ServerResponse]>();
    await using upstream = await startStreamingUpstream((request, response) => resolve([request, response]));
    await using gateway = await startGateway(upstream.url, { bodyBytesMax: WHOLE });
    const request = open(gateway, "POST");
    const chunk = Buffer.alloc(64 * 1024, "x");
    let sent = 0;
    const sending = (async () => {
      while (sent < WHOLE) {
        sent += chunk.length;
        if (!request.write(chunk)) await once(request, "drain");
      }
      request.end();
    })();
    const [incoming, answer] = await arrived;
    let before = -1;
    while (before !== sent) {
      before = sent;
      await systemClock.sleep(300);
    }
    assert.ok(sent < WHOLE / 2, `${sent} bytes were taken from the caller while the upstream did not read`);
    let read = 0;
    for await (const part of incoming) read += (part as Uint8Array).length;
    answer.end("done");
    assert.equal(read, WHOLE);
    assert.equal(await textOf(await responseOf(request)), "done");
    await sending;
  });
});

describe("who leaves", () => {
  test("while the answer streams ends the upstream's side, and is in the log", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    await using upstream = await startStreamingUpstream((_request, response) => {
      response.on("close", () => resolve());
      response.write("first");
    });
    await using gateway = await startGateway(upstream.url);
    const request = open(gateway, "GET").end();
    await once(await responseOf(request), "data");
    request.destroy();
    await closed;
    await gateway.logged(1);
    assert.deepEqual(
      [gateway.lines[0]?.event, gateway.lines[0]?.fields["outcome"]],
      ["request.admitted", "left"],
    );
  });

  test("before the answer ends the upstream's side", async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    await using upstream = await startStreamingUpstream((_request, response) => {
      response.on("close", () => resolve());
      arrive();
    });
    await using gateway = await startGateway(upstream.url);
    const request = open(gateway, "GET").end();
    await arrived;
    request.destroy();
    await closed;
    await gateway.logged(1);
    assert.equal(gateway.lines[0]?.fields["outcome"], "left");
  });

  test("while its second request waits behind the first ends both", async () => {
    const closed = new Set<string>();
    const { promise: allClosed, resolve } = Promise.withResolvers<void>();
    const { promise: second, resolve: secondArrived } = Promise.withResolvers<void>();
    await using upstream = await startStreamingUpstream((request, response) => {
      response.on("close", () => {
        closed.add(String(request.url));
        if (closed.size === 2) resolve();
      });
      if (request.url === "/first") return;
      response.write("begins");
      secondArrived();
    });
    await using gateway = await startGateway(upstream.url);
    const socket = connect(gateway.port, "127.0.0.1");
    socket.write("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n");
    await second;
    socket.destroy();
    await allClosed;
    await gateway.logged(2);
    assert.deepEqual(
      gateway.lines.map(({ fields }) => fields["outcome"]),
      ["left", "left"],
    );
  });

  test("in the middle of an upload leaves the upstream with a request that is visibly broken off", async () => {
    const { promise: broken, resolve } = Promise.withResolvers<boolean>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    await using upstream = await startStreamingUpstream((request) => {
      request.once("data", () => arrive());
      request.on("error", () => {});
      request.on("close", () => resolve(!request.complete));
    });
    await using gateway = await startGateway(upstream.url);
    const request = open(gateway, "POST");
    request.write("half");
    await arrived;
    request.destroy();
    assert.equal(await broken, true);
  });

  test("is the upstream, in the middle of an answer: the caller's connection ends, too, so that it is no whole answer", async () => {
    await using upstream = await startStreamingUpstream((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    });
    await using gateway = await startGateway(upstream.url);
    const response = await responseOf(open(gateway, "GET").end());
    await assert.rejects(textOf(response), { code: "ECONNRESET" });
    await gateway.logged(1);
    assert.equal(gateway.lines[0]?.fields["outcome"], "broken");
  });

  test("is the upstream, before it has read the body: its early answer arrives", async () => {
    await using upstream = await startStreamingUpstream((_request, response) => {
      response.writeHead(409, { connection: "close", "content-length": "2" });
      response.end("no");
    });
    await using gateway = await startGateway(upstream.url);
    const request = open(gateway, "POST", { "content-length": String(4 * MIB) });
    request.write(Buffer.alloc(64 * 1024));
    const response = await responseOf(request);
    assert.deepEqual([response.statusCode, await textOf(response)], [409, "no"]);
    request.destroy();
  });
});
