import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../base/clock.ts";
import { createTestPoster, listen, receive, receiveRaw, requestTo } from "./post-fixtures.contract.ts";

const OKAY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

test("the next request takes the connection that is open, and says what the first one took to get there", async (context) => {
  const sockets = new Set<Socket>();
  const url = await receive(context, (incoming, answer) => {
    sockets.add(incoming.socket);
    answer.end();
  });
  const poster = createTestPoster(context);
  const [first, second] = [await poster.post(requestTo(url)), await poster.post(requestTo(url))];
  assert.equal(sockets.size, 1);
  assert.ok((first.connected?.connectMs ?? -1) >= 0);
  assert.deepEqual([first.connected?.dnsMs, first.connected?.tlsMs], [null, null]);
  assert.equal(second.connected, null);
  assert.deepEqual(poster.connections(), { open: 1, free: 1 });
});

test("requests with other terms do not share it", async (context) => {
  const sockets = new Set<Socket>();
  const url = await receive(context, (incoming, answer) => {
    sockets.add(incoming.socket);
    answer.end();
  });
  const poster = createTestPoster(context);
  await poster.post(requestTo(url));
  await poster.post(requestTo(url, { verifyTls: false }));
  await poster.post(requestTo(url, { ca: "another" }));
  assert.equal(sockets.size, 3);
  await poster.post(requestTo(url, { deadlineMs: 5_000 }));
  assert.equal(sockets.size, 3, "a deadline is no term");
});

test("a connection that its receiver closes just then costs no attempt: the request goes out once more", async (context) => {
  const closings: readonly (readonly [string, (socket: Socket) => void])[] = [
    ["closed", (socket) => socket.destroy()],
    ["reset", (socket) => socket.resetAndDestroy()],
    ["ended", (socket) => socket.end()],
  ];
  for (const [why, close] of closings) {
    let requests = 0;
    const url = await receiveRaw(context, (socket, nth) => {
      requests++;
      if (nth === 1) socket.write(OKAY);
      else close(socket);
    });
    const poster = createTestPoster(context);
    assert.equal((await poster.post(requestTo(url))).outcome.kind, "accepted", why);
    const second = await poster.post(requestTo(url));
    assert.equal(second.outcome.kind, "accepted", `${why}: ${second.detail}`);
    assert.equal(requests, 3, why);
  }
});

test("it goes out once more only, and only where nothing at all was answered on a connection that had been used", async (context) => {
  const cases: readonly (readonly [
    string,
    (socket: Socket, nth: number, requests: number) => void,
    number,
  ])[] = [
    ["the first request on a connection fails", (socket) => socket.destroy(), 1],
    ["an answer had begun", (socket, nth) => (nth === 1 ? socket.write(OKAY) : socket.end("HTTP/1.1 2")), 2],
    [
      "the new connection fails, too",
      (socket, nth, requests) => (nth === 1 && requests === 1 ? socket.write(OKAY) : socket.destroy()),
      3,
    ],
  ];
  for (const [why, answerBy, expected] of cases) {
    let requests = 0;
    const url = await receiveRaw(context, (socket, nth) => answerBy(socket, nth, ++requests));
    const poster = createTestPoster(context);
    let last = await poster.post(requestTo(url));
    if (last.outcome.kind === "accepted") last = await poster.post(requestTo(url));
    assert.equal(last.outcome.kind, "reset", why);
    assert.equal(requests, expected, why);
    assert.deepEqual(poster.connections(), { open: 0, free: 0 }, why);
  }
});

test("a receiver that asks for the connection to be closed gets a new one each time, and nothing is kept", async (context) => {
  const url = await receiveRaw(context, (socket) =>
    socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  );
  const poster = createTestPoster(context);
  for (let nth = 0; nth < 20; nth++) {
    const result = await poster.post(requestTo(url));
    assert.equal(result.outcome.kind, "accepted", result.detail ?? "");
  }
  while (poster.connections().open > 0) await sleep(1);
});

test("what a receiver closes while nothing is under way is forgotten", async (context) => {
  const server = createServer((_, answer) => answer.end());
  const url = `http://127.0.0.1:${await listen(context, server)}/`;
  const poster = createTestPoster(context);
  await Promise.all(Array.from({ length: 5 }, () => poster.post(requestTo(url))));
  assert.deepEqual(poster.connections(), { open: 5, free: 5 });
  server.closeAllConnections();
  while (poster.connections().open > 0) await sleep(1);
});

test("of many origins no more connections stay open than may, those that were used last", async (context) => {
  const server = createServer((_, answer) => answer.end());
  const port = await listen(context, server, "0.0.0.0");
  const poster = createTestPoster(context, { freeMax: 10 });
  const origins = Array.from(
    { length: 500 },
    (_, index) => `http://127.1.${index >> 8}.${index & 255}:${port}/`,
  );
  for (const url of origins) assert.equal((await poster.post(requestTo(url))).outcome.kind, "accepted");
  assert.deepEqual(poster.connections(), { open: 10, free: 10 });
  const late = await poster.post(requestTo(origins.at(-10) ?? ""));
  assert.equal(late.connected, null, "the tenth from the end is still open");
  const early = await poster.post(requestTo(origins.at(-11) ?? ""));
  assert.notEqual(early.connected ?? null, null, "the one before it is not");
});

test("a connection is used for five minutes, and then a new one is made", async (context) => {
  let nowMs = Date.now();
  const clock = { ...systemClock, now: () => nowMs };
  const url = await receive(context, (_, answer) => answer.end());
  const poster = createTestPoster(context, { clock });
  await poster.post(requestTo(url));
  nowMs += 299_999;
  assert.equal((await poster.post(requestTo(url))).connected, null);
  nowMs += 1;
  assert.notEqual((await poster.post(requestTo(url))).connected ?? null, null);
  assert.deepEqual(poster.connections(), { open: 1, free: 1 });
});

test("closing ends what is under way, and what is kept", async (context) => {
  const server = createServer((incoming, answer) => void (incoming.url === "/hang" || answer.end()));
  const url = `http://127.0.0.1:${await listen(context, server)}/`;
  const poster = createTestPoster(context);
  await poster.post(requestTo(url));
  const hanging = poster.post(requestTo(`${url}hang`));
  await once(server, "request");
  await poster.close();
  assert.equal((await hanging).outcome.kind, "reset");
  assert.deepEqual(poster.connections(), { open: 0, free: 0 });
});
