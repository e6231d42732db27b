import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import { type Apis, OPERATOR, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
let server: Server;
let port: number;
before(async () => {
  apis = await openApis();
  server = createServer(apis.provider.routing).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await apis.close();
});

const headers = { authorization: OPERATOR, "content-type": "application/json" };
const post = (path: string, body: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body });

test("requests of a plain server are answered, many at once", async () => {
  const ids = Array.from({ length: 50 }, (_, number) => `socket-${number}`);
  const answers = await Promise.all(ids.map((id) => post("/v1/users", JSON.stringify({ id }))));
  assert.ok(answers.every(({ status }) => status === 201));
  assert.deepEqual(
    await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id)),
    ids,
  );
});

test("a body that is sent in chunks and grows too large is 413, and the next request is answered", async () => {
  const sent = request({ port, host: "127.0.0.1", method: "POST", path: "/v1/users", headers });
  sent.on("error", () => {});
  const answered = once(sent, "response");
  for (let chunk = 0; chunk < 80; chunk++) sent.write("x".repeat(1_024));
  const [answer] = await answered;
  assert.equal(answer.statusCode, 413);
  sent.destroy();
  assert.equal((await post("/v1/users", "{}")).status, 201);
});

test("a caller who hangs up in the middle of a body harms nobody", async () => {
  const socket = connect(port, "127.0.0.1");
  socket.write(`POST /v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: ${OPERATOR}\r\n`);
  socket.write("Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
  await new Promise((resolve) => socket.write("", resolve));
  socket.destroy();
  assert.equal((await post("/v1/users", "{}")).status, 201);
  assert.deepEqual(
    apis.lines.filter(({ event }) => event === "api.failed"),
    [],
  );
});
