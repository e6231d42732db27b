import assert from "node:assert/strict";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { makeAuthority } from "../../../../test/certificates.ts";
import { type NameAnswer, startNameServer } from "../../../../test/name-server.ts";
import { systemClock } from "../base/clock.ts";
import { Secret } from "../base/secret.ts";
import { createAddressPolicy } from "./addresses.ts";
import { createHostNames, type HostNames } from "./host-names.ts";
import { createTestPoster, listen, receive, requestTo } from "./post-fixtures.contract.ts";
import type { EgressProxy } from "./tunnel.ts";

interface TestProxy {
  readonly proxy: EgressProxy;
  /** What it was asked to connect to. */
  readonly asked: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
}

/** Connects to whatever it is asked for, unless told to do something else. */
async function startProxy(
  context: TestContext,
  onConnect: (socket: Socket, authority: string) => boolean = () => false,
): Promise<TestProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createHttpServer();
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    const authority = request.url ?? "";
    asked.push(authority);
    authorizations.push(request.headers["proxy-authorization"]);
    socket.on("error", () => {});
    if (onConnect(socket, authority)) return;
    const { hostname, port } = new URL(`http://${authority}`);
    const through = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(through).pipe(socket);
    });
    through.on("error", () => socket.destroy());
  });
  const port = await listen(context, server);
  return { proxy: { host: "127.0.0.1", port, authorization: null }, asked, authorizations };
}

async function namesSaying(context: TestContext, answer: (name: string) => NameAnswer): Promise<HostNames> {
  const server = await startNameServer({ answer });
  context.after(() => server.close());
  return createHostNames({ clock: systemClock, servers: [server.address], readText: async () => null });
}

test("the proxy is asked for the address that was found and judged, and TLS is verified for the name", async (context) => {
  const authority = await makeAuthority();
  const issued = await authority.issue({ hosts: ["receiver.example"] });
  const port = await listen(
    context,
    createHttpsServer({ ...issued }, (_, answer) => answer.end("done")),
  );
  const { proxy, asked, authorizations } = await startProxy(context);
  const names = await namesSaying(context, () => ["127.0.0.1"]);
  const poster = createTestPoster(context, { names, proxy });
  const post = (host: string) => poster.post(requestTo(`https://${host}:${port}/`, { ca: authority.cert }));
  const first = await post("receiver.example");
  assert.equal(first.outcome.kind, "accepted", first.detail ?? "");
  assert.equal(first.answer?.body, "done");
  assert.equal((await post("receiver.example")).connected, null, "the tunnel is used again");
  assert.equal((await post("other.example")).outcome.kind, "tls-host");
  assert.deepEqual(asked, [`127.0.0.1:${port}`, `127.0.0.1:${port}`]);
  assert.deepEqual(authorizations, [undefined, undefined]);
});

test("plain HTTP goes through a tunnel, too", async (context) => {
  const url = await receive(context, (_, answer) => answer.end());
  const { proxy, asked } = await startProxy(context);
  assert.equal((await createTestPoster(context, { proxy }).post(requestTo(url))).outcome.kind, "accepted");
  assert.deepEqual(asked, [new URL(url).host]);
});

test("the proxy never hears of an address that hooks may not reach", async (context) => {
  const { proxy, asked } = await startProxy(context);
  const names = await namesSaying(context, () => ["10.0.0.1"]);
  const poster = createTestPoster(context, { names, proxy, addresses: createAddressPolicy([]) });
  assert.equal((await poster.post(requestTo("https://receiver.example/"))).outcome.kind, "blocked-address");
  assert.equal((await poster.post(requestTo("https://[::1]/"))).outcome.kind, "blocked-address");
  assert.deepEqual(asked, []);
});

test("credentials go to the proxy, and nowhere else", async (context) => {
  let seen: unknown;
  const url = await receive(context, (incoming, answer) => {
    seen = incoming.headers["proxy-authorization"];
    answer.end();
  });
  const { proxy, authorizations } = await startProxy(context);
  const authorization = new Secret("Basic b3BlcmF0b3I6d29yZA==");
  const poster = createTestPoster(context, { proxy: { ...proxy, authorization } });
  assert.equal((await poster.post(requestTo(url))).outcome.kind, "accepted");
  assert.deepEqual(authorizations, [authorization.reveal()]);
  assert.equal(seen, undefined);
});

test("a proxy that fails is told apart from a receiver that does", async (context) => {
  const answering = (text: string) => (socket: Socket) => socket.end(text) !== null;
  const cases: readonly (readonly [string, (socket: Socket) => boolean, RegExp])[] = [
    ["wants credentials", answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), /it answered 407/],
    ["forbids it", answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"), /it answered 403/],
    ["does not get there", answering("HTTP/1.1 502 Bad Gateway\r\n\r\n"), /it answered 502/],
    ["hangs up", (socket) => socket.destroy() !== null, /PROXY_FAILED/],
    ["is none", answering("SSH-2.0-OpenSSH_9.2\r\n"), /PROXY_FAILED/],
    [
      "answers without end",
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`) !== null,
      /PROXY_FAILED/,
    ],
  ];
  const url = await receive(context, (_, answer) => answer.end());
  for (const [why, onConnect, detail] of cases) {
    const { proxy } = await startProxy(context, onConnect);
    const result = await createTestPoster(context, { proxy }).post(requestTo(url));
    assert.equal(result.outcome.kind, "proxy", `${why}: ${result.detail}`);
    assert.match(result.detail ?? "", detail, why);
  }
  const away: EgressProxy = { host: "127.0.0.1", port: 1, authorization: new Secret("Basic c2VjcmV0") };
  const result = await createTestPoster(context, { proxy: away }).post(requestTo(url));
  assert.equal(result.outcome.kind, "proxy");
  assert.match(result.detail ?? "", /The egress proxy at 127\.0\.0\.1:1 was not reached/);
  const unknown: EgressProxy = { host: "proxy.example", port: 3128, authorization: null };
  assert.equal(
    (await createTestPoster(context, { proxy: unknown }).post(requestTo(url))).outcome.kind,
    "proxy",
  );
});

test("a proxy that is silent costs the deadline, and its connection is ended", async (context) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { proxy } = await startProxy(context, (socket) => {
    socket.once("end", () => resolve());
    socket.resume();
    return true;
  });
  const poster = createTestPoster(context, { proxy });
  const url = await receive(context, (_, answer) => answer.end());
  assert.equal((await poster.post(requestTo(url, { deadlineMs: 100 }))).outcome.kind, "deadline");
  await closed;
});

test("where the first address leads nowhere, the next one is asked for", async (context) => {
  const url = await receive(context, (_, answer) => answer.end());
  const { proxy, asked } = await startProxy(context, (socket, authority) => {
    const isBad = !authority.startsWith("127.0.0.1:");
    if (isBad) socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    return isBad;
  });
  const names = await namesSaying(context, () => ["127.0.0.9", "127.0.0.1", "::1"]);
  const poster = createTestPoster(context, { names, proxy });
  const { port } = new URL(url);
  const result = await poster.post(requestTo(`http://receiver.example:${port}/`));
  assert.equal(result.outcome.kind, "accepted", result.detail ?? "");
  assert.deepEqual(asked, [`127.0.0.9:${port}`, `127.0.0.1:${port}`]);
});

test("an IPv6 address is asked for within brackets", async (context) => {
  const { proxy, asked } = await startProxy(context, (socket) => socket.destroy() !== null);
  await createTestPoster(context, { proxy }).post(requestTo("http://[::1]:9000/"));
  assert.deepEqual(asked, ["[::1]:9000"]);
});
