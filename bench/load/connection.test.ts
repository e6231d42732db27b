import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Connection, openConnection } from "./connection.ts";

/** A server that does with each connection, and with each request on it, what it is told to. */
async function connected(
  context: TestContext,
  behaviour: {
    readonly onRequest?: (socket: Socket) => unknown;
    readonly onConnect?: (socket: Socket) => unknown;
  },
): Promise<{ readonly connection: Connection; readonly errors: Error[] }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    behaviour.onConnect?.(socket);
    socket.on("data", () => behaviour.onRequest?.(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const errors: Error[] = [];
  const { port } = server.address() as AddressInfo;
  const connection = await openConnection(port, (error) => errors.push(error));
  context.after(() => {
    connection.close();
    server.close();
  });
  return { connection, errors };
}

function ask(connection: Connection): Promise<Answer> {
  return new Promise((resolve) => connection.send(Buffer.from("?"), resolve));
}

const ANSWER = "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello";

test("an answer is whole when its last byte is there, however it was cut", async (context) => {
  const onRequest = async (socket: Socket) => {
    for (const piece of [ANSWER.slice(0, 3), ANSWER.slice(3, 40), ANSWER.slice(40)]) {
      socket.write(piece);
      await sleep(5);
    }
  };
  const { connection, errors } = await connected(context, { onRequest });
  for (let time = 0; time < 2; time++) {
    const { status, body } = await ask(connection);
    assert.deepEqual([status, body.toString()], [202, "hello"]);
  }
  assert.deepEqual(errors, []);
});

const failures: readonly (readonly [
  reason: string,
  onRequest: (socket: Socket) => unknown,
  message: RegExp,
])[] = [
  ["ends with a request under way", (socket) => socket.destroy(), /was closed|broke/],
  [
    "says what is no answer",
    (socket) => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    /said what is no answer: HTTP\/1\.1 200/,
  ],
];
for (const [reason, onRequest, message] of failures) {
  test(`a connection that ${reason} is an error, told once`, async (context) => {
    const { connection, errors } = await connected(context, { onRequest });
    connection.send(Buffer.from("?"), () => assert.fail("there was no answer"));
    while (errors.length === 0) await sleep(1);
    await sleep(20);
    assert.equal(errors.length, 1);
    assert.match(errors[0]?.message ?? "", message);
    assert.equal(connection.isOpen(), false);
  });
}

test("a connection that idles until the server ends it, with a word or without, is no error", async (context) => {
  for (const word of ["", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"]) {
    const { connection, errors } = await connected(context, { onConnect: (socket) => socket.end(word) });
    while (connection.isOpen()) await sleep(1);
    assert.deepEqual(errors, []);
  }
});
