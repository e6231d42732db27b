import assert from "node:assert/strict";
import { once } from "node:events";
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { systemClock } from "../base/clock.ts";
import {
  AS_GRANT,
  ask,
  askRaw,
  type Listening,
  startGateway,
  startStreamingUpstream,
  startUpstream,
  textOf,
} from "./gateway-fixtures.contract.ts";

const MIB = 1024 * 1024;

/** An upstream made of one socket at a time and of bytes: what it gets, and what it says. */
async function startRawUpstream(
  converse: (socket: Socket, connection: number) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setEncoding("latin1");
    socket.on("error", () => {});
    connections += 1;
    converse(socket, connections);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function open({ port }: Listening, method: string, headers: Record<string, string> = {}): ClientRequest {
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    agent: false,
    method,
    headers: { ...AS_GRANT, ...headers },
  });
  request.on("error", () => {});
  return request;
}

async function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

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

  test("is chunked if it came chunked, and has a length if it came with one", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const chunked = open(gateway, "PUT");
    chunked.write("one ");
    await systemClock.sleep(20);
    chunked.end("two");
    await textOf(await responseOf(chunked));
    await ask(gateway, { method: "PUT", headers: { ...AS_GRANT, "content-length": "7" }, body: "one two" });
    await ask(gateway, { method: "DELETE", headers: { ...AS_GRANT, "content-length": "3" }, body: "abc" });
    await ask(gateway, { method: "GET", headers: { ...AS_GRANT, "content-length": "3" }, body: "abc" });
    const framing = upstream.requests.map(({ headers, body }) => [
      headers["transfer-encoding"],
      headers["content-length"],
      body,
    ]);
    assert.deepEqual(framing, [
      ["chunked", undefined, "one two"],
      [undefined, "7", "one two"],
      [undefined, "3", "abc"],
      [undefined, "3", "abc"],
    ]);
  });

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
