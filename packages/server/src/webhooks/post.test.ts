import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createTcpServer, type Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { createAddressPolicy } from "./addresses.ts";
import { ANSWER_HEAD_BYTES_MAX } from "./connections.ts";
import { ANSWER_BYTES_MAX } from "./delivery.ts";
import { ANNOUNCEMENTS_MAX } from "./exchange.ts";
import { createTestPoster, listen, receive, receiveRaw, requestTo } from "./post-fixtures.contract.ts";

test("body and headers arrive as they are, and the answer comes back", async (context) => {
  let seen: unknown;
  const url = await receive(context, async (incoming, answer) => {
    const body = Buffer.concat(await incoming.toArray()).toString();
    seen = [incoming.method, incoming.url, incoming.headers["x-one"], body];
    answer.writeHead(202, { "X-Answer": "yes", "Set-Cookie": ["a=1", "b=2"] }).end("tak\0en");
  });
  const result = await createTestPoster(context).post(requestTo(url));
  assert.deepEqual(seen, ["POST", "/hooks?from=us", "1", '{"hello":"wörld"}']);
  assert.deepEqual(result.outcome, { kind: "accepted", status: 202 });
  assert.equal(result.answer?.body, "tak\ufffden");
  assert.deepEqual(
    result.answer?.headers.filter(([name]) => name.startsWith("x-") || name === "set-cookie"),
    [
      ["x-answer", "yes"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
  );
  assert.equal(result.detail, null);
  assert.ok(
    (result.timings.firstByteMs ?? -1) >= 0 && result.timings.totalMs >= (result.timings.firstByteMs ?? 0),
  );
});

test("a redirect is an answer and is not followed", async (context) => {
  let requests = 0;
  const url = await receive(context, (_, answer) => {
    requests++;
    answer.writeHead(302, { Location: "/elsewhere" }).end();
  });
  const { outcome } = await createTestPoster(context).post(requestTo(url));
  assert.deepEqual(outcome, { kind: "refused", status: 302, retryAfterMs: null });
  assert.equal(requests, 1);
});

test("Retry-After is read where it means something", async (context) => {
  const url = await receive(context, (incoming, answer) => {
    incoming.resume();
    answer.writeHead(429, { "Retry-After": "7" }).end();
  });
  assert.deepEqual((await createTestPoster(context).post(requestTo(url))).outcome, {
    kind: "refused",
    status: 429,
    retryAfterMs: 7_000,
  });
});

test("what announces an answer is none", async (context) => {
  const url = await receive(context, (_, answer) => {
    answer.writeProcessing();
    answer.writeEarlyHints({ link: "</style.css>; rel=preload" });
    answer.writeHead(200).end("done");
  });
  const { outcome, answer } = await createTestPoster(context).post(requestTo(url));
  assert.equal(outcome.kind, "accepted");
  assert.equal(answer?.body, "done");
});

test("of a long answer the beginning is read, the rest dropped and the connection ended", async (context) => {
  const cases: readonly (readonly [string, number, boolean])[] = [
    ["as long as is read", ANSWER_BYTES_MAX, false],
    ["a byte longer", ANSWER_BYTES_MAX + 1, true],
    ["endless", Number.POSITIVE_INFINITY, true],
  ];
  for (const [why, bytes, isEnded] of cases) {
    let isClosed = false;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const url = await receive(context, async (incoming, answer) => {
      incoming.socket.once("close", () => {
        isClosed = true;
        resolve();
      });
      const chunk = Buffer.alloc(ANSWER_BYTES_MAX, "x");
      for (let left = bytes; left > 0 && !isClosed; left -= chunk.length) {
        const hasRoom = answer.write(left < chunk.length ? chunk.subarray(0, left) : chunk);
        if (!hasRoom) await Promise.race([once(answer, "drain"), closed]);
      }
      answer.end();
    });
    const { outcome, answer } = await createTestPoster(context).post(requestTo(url));
    assert.equal(outcome.kind, "accepted", why);
    assert.equal(answer?.body.length, ANSWER_BYTES_MAX, why);
    if (isEnded) await closed;
    else assert.equal(isClosed, false, why);
  }
});

test("the deadline bounds the whole exchange and ends the connection", async (context) => {
  const drip = (head: string, drop: string) => (socket: Socket) => {
    socket.write(head);
    const dripping = setInterval(() => socket.write(drop), 20);
    socket.once("close", () => clearInterval(dripping));
  };
  const cases: readonly (readonly [string, (socket: Socket) => void, number | null, RegExp, "https"?])[] = [
    ["never answers", () => {}, null, /^no whole answer within 200 ms$/],
    ["never agrees on TLS", () => {}, null, /^no connection within 200 ms$/, "https"],
    ["drips its headers", drip("HTTP/1.1 200 OK\r\n", "X-Drip: 1\r\n"), null, /^no whole answer/],
    [
      "drips its body",
      drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "."),
      200,
      /^no whole answer/,
    ],
    [
      "drips its trailers",
      drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: 1\r\n"),
      200,
      /^no whole/,
    ],
  ];
  const poster = createTestPoster(context);
  for (const [why, answerBy, status, detail, scheme = "http"] of cases) {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const url = await receiveRaw(context, (socket) => {
      socket.once("close", () => resolve());
      answerBy(socket);
    });
    const result = await poster.post(requestTo(url.replace("http", scheme), { deadlineMs: 200 }));
    assert.deepEqual(result.outcome, { kind: "deadline" }, why);
    assert.equal(result.answer?.status ?? null, status, why);
    assert.match(result.detail ?? "", detail, why);
    await closed;
  }
  assert.deepEqual(poster.connections(), { open: 0, free: 0 });
});

test("a receiver that misbehaves is told apart by how", async (context) => {
  const headOf = (bytes: number) => `HTTP/1.1 200 OK\r\nX: ${"x".repeat(bytes - 1)}`;
  const announce = (count: number) => "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(count);
  const okay = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const cases: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    ["resets at once", (socket) => socket.resetAndDestroy(), "reset"],
    ["closes without an answer", (socket) => socket.destroy(), "reset"],
    ["closes within the head", (socket) => socket.end("HTTP/1.1 200 OK\r\nX-H"), "reset"],
    [
      "closes within the body",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
      "reset",
    ],
    ["speaks another protocol", (socket) => socket.end("220 mail.example.com ESMTP\r\n"), "garbled"],
    ["speaks HTTP/0.9", (socket) => socket.end("<html>hello</html>"), "garbled"],
    ["answers nonsense", (socket) => socket.end(Buffer.from([0, 1, 2, 255])), "garbled"],
    [
      "says its length twice",
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na`),
      "garbled",
    ],
    ["says to go on, unasked", (socket) => socket.end(`HTTP/1.1 100 Continue\r\n\r\n${okay}`), "garbled"],
    [
      "switches protocols",
      (socket) => socket.end("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
      "garbled",
    ],
    [
      "sends as large a head as is read",
      (socket) => socket.write(`${headOf(ANSWER_HEAD_BYTES_MAX - 20)}\r\nContent-Length: 0\r\n\r\n`),
      "accepted",
    ],
    ["sends a head that is too large", (socket) => socket.write(headOf(ANSWER_HEAD_BYTES_MAX)), "too-large"],
    ["announces often", (socket) => socket.write(announce(ANNOUNCEMENTS_MAX) + okay), "accepted"],
    ["announces too often", (socket) => socket.write(announce(ANNOUNCEMENTS_MAX + 1) + okay), "too-large"],
    [
      "says more than its length",
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdef`),
      "accepted",
    ],
    ["answers twice", (socket) => socket.write(okay + okay), "accepted"],
    ["closes to end its body", (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"), "accepted"],
    ["speaks HTTP/1.0", (socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nhello"), "accepted"],
  ];
  const poster = createTestPoster(context);
  for (const [why, answerBy, kind] of cases) {
    const result = await poster.post(requestTo(await receiveRaw(context, answerBy)));
    assert.equal(result.outcome.kind, kind, `${why}: ${result.detail}`);
    assert.equal((result.detail ?? "").length > 0, kind !== "accepted", why);
  }
});

test("where nothing listens", async (context) => {
  const server = createTcpServer();
  const port = await listen(context, server);
  server.close();
  await once(server, "close");
  const poster = createTestPoster(context);
  for (const host of ["127.0.0.1", "localhost"]) {
    assert.equal((await poster.post(requestTo(`http://${host}:${port}/`))).outcome.kind, "connect", host);
  }
});

test("no connection is made to an address that hooks may not reach", async (context) => {
  let connections = 0;
  const server = createTcpServer(() => connections++);
  const port = await listen(context, server);
  const strict = createTestPoster(context, { addresses: createAddressPolicy([]) });
  for (const host of ["127.0.0.1", "localhost"]) {
    for (const scheme of ["http", "https"]) {
      const { outcome } = await strict.post(requestTo(`${scheme}://${host}:${port}/`));
      assert.equal(outcome.kind, "blocked-address", `${scheme} ${host}`);
    }
  }
  const { outcome, detail } = await strict.post(requestTo("https://[::1]:8443/"));
  assert.equal(outcome.kind, "blocked-address");
  assert.match(detail ?? "", /::1 is not a public address/);
  assert.equal(connections, 0);
});

test("a name on the list of addresses is reached by name", async (context) => {
  const url = await receive(context, (_, answer) => answer.end());
  const { outcome } = await createTestPoster(context).post(requestTo(url.replace("127.0.0.1", "localhost")));
  assert.equal(outcome.kind, "accepted");
});

test("many requests at once to one receiver do not wait for one another", async (context) => {
  const waiting: (() => void)[] = [];
  const url = await receive(context, (incoming, answer) => {
    incoming.resume();
    waiting.push(() => answer.end());
    if (waiting.length === 20) for (const answerNow of waiting) answerNow();
  });
  const poster = createTestPoster(context);
  const results = await Promise.all(Array.from({ length: 20 }, () => poster.post(requestTo(url))));
  assert.ok(results.every(({ outcome }) => outcome.kind === "accepted"));
});

test("an answer that is endless costs no more memory than what is kept of it", async (context) => {
  const url = await receiveRaw(context, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const pour = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on("drain", pour);
    pour();
  });
  const poster = createTestPoster(context);
  const results = await Promise.all(Array.from({ length: 20 }, () => poster.post(requestTo(url))));
  const kept = results.reduce((sum, { answer }) => sum + (answer?.body.length ?? 0), 0);
  assert.equal(kept, 20 * ANSWER_BYTES_MAX);
  assert.deepEqual(poster.connections(), { open: 0, free: 0 });
});

test("the clock's jumps do no harm to the deadline", async (context) => {
  const clock = { ...systemClock, now: () => 0 };
  const url = await receiveRaw(context, () => {});
  const result = await createTestPoster(context, { clock }).post(requestTo(url, { deadlineMs: 50 }));
  assert.equal(result.outcome.kind, "deadline");
});
