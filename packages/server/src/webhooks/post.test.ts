import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import { makeAuthority, makeSelfSigned } from "../../../../test/certificates.ts";
import { systemClock } from "../base/clock.ts";
import { createAddressPolicy } from "./addresses.ts";
import { ANSWER_BYTES_MAX } from "./delivery.ts";
import { createPoster, type PostRequest } from "./post.ts";

const poster = createPoster({
  addresses: createAddressPolicy(["127.0.0.0/8", "::1/128"]),
  clock: systemClock,
});
const strict = createPoster({ addresses: createAddressPolicy([]), clock: systemClock });
const servers: Server[] = [];

after(async () => {
  await Promise.all([poster.close(), strict.close()]);
  for (const server of servers) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function receive(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createHttpServer(listener))}/hooks?from=us`;
}

/** A receiver that does with a connection whatever it likes. */
async function receiveRaw(onRequest: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onRequest(socket));
  });
  return `http://127.0.0.1:${await listen(server)}/`;
}

function request(url: string, change: Partial<PostRequest> = {}): PostRequest {
  const body = Buffer.from('{"hello":"wörld"}');
  return { url, headers: [["X-One", "1"]], body, deadlineMs: 10_000, verifyTls: true, ca: null, ...change };
}

test("body and headers arrive as they are, and the answer comes back", async () => {
  let seen: unknown;
  const url = await receive(async (incoming, answer) => {
    const body = Buffer.concat(await incoming.toArray()).toString();
    seen = [incoming.method, incoming.url, incoming.headers["x-one"], body];
    answer.writeHead(202, { "X-Answer": "yes", "Set-Cookie": ["a=1", "b=2"] }).end("tak\0en");
  });
  const result = await poster.post(request(url));
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

test("a redirect is an answer and is not followed", async () => {
  let requests = 0;
  const url = await receive((_, answer) => {
    requests++;
    answer.writeHead(302, { Location: "/elsewhere" }).end();
  });
  const { outcome } = await poster.post(request(url));
  assert.deepEqual(outcome, { kind: "refused", status: 302, retryAfterMs: null });
  assert.equal(requests, 1);
});

test("Retry-After is read where it means something", async () => {
  const url = await receive((incoming, answer) => {
    incoming.resume();
    answer.writeHead(429, { "Retry-After": "7" }).end();
  });
  assert.deepEqual((await poster.post(request(url))).outcome, {
    kind: "refused",
    status: 429,
    retryAfterMs: 7_000,
  });
});

test("what announces an answer is none", async () => {
  const url = await receive((_, answer) => {
    answer.writeProcessing();
    answer.writeEarlyHints({ link: "</style.css>; rel=preload" });
    answer.writeHead(200).end("done");
  });
  const { outcome, answer } = await poster.post(request(url));
  assert.equal(outcome.kind, "accepted");
  assert.equal(answer?.body, "done");
});

test("of a long answer the beginning is read, the rest dropped and the connection ended", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const url = await receive((incoming, answer) => {
    incoming.socket.once("close", () => resolve());
    answer.end("x".repeat(1_000_000));
  });
  const { outcome, answer } = await poster.post(request(url));
  assert.equal(outcome.kind, "accepted");
  assert.equal(answer?.body.length, ANSWER_BYTES_MAX);
  await closed;
});

test("the deadline bounds the whole exchange and ends the connection", async () => {
  const cases: readonly (readonly [string, (socket: Socket) => void, number | null, "https"?])[] = [
    ["never answers", () => {}, null],
    ["never agrees on TLS", () => {}, null, "https"],
    [
      "drips its headers",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        const dripping = setInterval(() => socket.write("X-Drip: 1\r\n"), 20);
        socket.once("close", () => clearInterval(dripping));
      },
      null,
    ],
    [
      "drips its body",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        const dripping = setInterval(() => socket.write("."), 20);
        socket.once("close", () => clearInterval(dripping));
      },
      200,
    ],
  ];
  for (const [why, answerBy, status, scheme = "http"] of cases) {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const url = await receiveRaw((socket) => {
      socket.once("close", () => resolve());
      answerBy(socket);
    });
    const result = await poster.post(request(url.replace("http", scheme), { deadlineMs: 200 }));
    assert.deepEqual(result.outcome, { kind: "deadline" }, why);
    assert.equal(result.answer?.status ?? null, status, why);
    await closed;
  }
});

test("a receiver that misbehaves is told apart by how", async () => {
  const cases: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    ["resets at once", (socket) => socket.resetAndDestroy(), "reset"],
    ["closes without an answer", (socket) => socket.destroy(), "reset"],
    [
      "closes within the body",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
      "reset",
    ],
    ["speaks another protocol", (socket) => socket.end("220 mail.example.com ESMTP\r\n"), "garbled"],
    [
      "sends endless headers",
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`),
      "garbled",
    ],
  ];
  for (const [why, answerBy, kind] of cases) {
    const result = await poster.post(request(await receiveRaw(answerBy)));
    assert.equal(result.outcome.kind, kind, `${why}: ${result.detail}`);
    assert.ok((result.detail ?? "").length > 0, why);
  }
});

test("where nothing listens, and where no name is", async () => {
  const server = createTcpServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  assert.equal((await poster.post(request(`http://127.0.0.1:${port}/`))).outcome.kind, "connect");
  assert.equal((await poster.post(request("https://no-such-host.invalid/"))).outcome.kind, "dns");
});

test("no connection is made to an address that hooks may not reach", async () => {
  let connections = 0;
  const server = createTcpServer(() => connections++);
  const port = await listen(server);
  for (const host of ["127.0.0.1", "localhost"]) {
    for (const scheme of ["http", "https"]) {
      const { outcome } = await strict.post(request(`${scheme}://${host}:${port}/`));
      assert.equal(outcome.kind, "blocked-address", `${scheme} ${host}`);
    }
  }
  const { outcome, detail } = await strict.post(request("https://[::1]:8443/"));
  assert.equal(outcome.kind, "blocked-address");
  assert.match(detail ?? "", /::1 is not a public address/);
  assert.equal(connections, 0);
});

test("a name on the list of addresses is reached by name", async () => {
  const url = await receive((_, answer) => answer.end());
  const { outcome } = await poster.post(request(url.replace("127.0.0.1", "localhost")));
  assert.equal(outcome.kind, "accepted");
});

test("certificates are verified, and their faults told apart", async () => {
  const authority = await makeAuthority();
  const stranger = await makeAuthority("Stranger");
  const hosts = ["127.0.0.1", "localhost"];
  const past = { notBefore: new Date("2020-01-01"), notAfter: new Date("2021-01-01") };
  const future = { notBefore: new Date("2090-01-01"), notAfter: new Date("2091-01-01") };
  const ca = authority.cert;
  const cases = [
    ["good", await authority.issue({ hosts }), { ca }, "accepted"],
    ["expired", await authority.issue({ hosts, ...past }), { ca }, "tls-expired"],
    ["not yet valid", await authority.issue({ hosts, ...future }), { ca }, "tls-expired"],
    ["for another host", await authority.issue({ hosts: ["other.example"] }), { ca }, "tls-host"],
    ["of an unknown authority", await authority.issue({ hosts }), {}, "tls-untrusted"],
    ["of another authority", await stranger.issue({ hosts }), { ca }, "tls-untrusted"],
    ["self-signed", await makeSelfSigned({ hosts }), { ca }, "tls-untrusted"],
    [
      "anything, where the hook opts out",
      await makeSelfSigned({ hosts: ["x.example"] }),
      { verifyTls: false },
      "accepted",
    ],
  ] as const;
  for (const [why, { cert, key }, terms, kind] of cases) {
    const port = await listen(createHttpsServer({ cert, key }, (_, answer) => answer.end()));
    const result = await poster.post(request(`https://127.0.0.1:${port}/`, terms));
    assert.equal(result.outcome.kind, kind, `${why}: ${result.detail}`);
  }
});

test("https to a receiver that speaks plain http", async () => {
  const url = await receive((_, answer) => answer.end());
  assert.equal((await poster.post(request(url.replace("http:", "https:")))).outcome.kind, "tls");
});

test("many requests at once to one receiver do not wait for one another", async () => {
  const waiting: (() => void)[] = [];
  const url = await receive((incoming, answer) => {
    incoming.resume();
    waiting.push(() => answer.end());
    if (waiting.length === 20) for (const answerNow of waiting) answerNow();
  });
  const results = await Promise.all(Array.from({ length: 20 }, () => poster.post(request(url))));
  assert.ok(results.every(({ outcome }) => outcome.kind === "accepted"));
});
