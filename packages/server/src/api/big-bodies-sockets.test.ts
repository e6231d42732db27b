import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type Apis, OPERATOR, openApis } from "./api-fixtures.contract.ts";

let apis: Apis;
let port: number;
before(async () => {
  apis = await openApis();
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
  await apis.provider.listen({ host: "127.0.0.1", port: 0 });
  port = (apis.provider.server.address() as AddressInfo).port;
});
after(() => apis.close());

const MIB = 1024 * 1024;
const event = { type: "a.b", users: ["ada"], data: { text: "x".repeat(200 * 1024) } };
const small = JSON.stringify({ events: [event] });
const big = JSON.stringify({ events: Array.from({ length: 10 }, () => event) });

function post(path: string, bytes: number): ClientRequest {
  const headers = { authorization: OPERATOR, "content-type": "application/json", "content-length": bytes };
  const sent = request({ host: "127.0.0.1", port, method: "POST", path, headers });
  // The test ends some of them itself.
  sent.on("error", () => {});
  return sent;
}

async function answerTo(sent: ClientRequest): Promise<number | undefined> {
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test("large bodies come in a few at a time; small ones meanwhile, and the next when one goes away", async () => {
  const slow = [post("/v1/events/batch", 16 * MIB), post("/v1/events/batch", 16 * MIB)];
  for (const sent of slow) sent.write('{"events":[');
  // Both have their turn once the server reads what they send: 1 MiB is more than sockets hold by themselves.
  await Promise.all(
    slow.map((sent) => new Promise<void>((resolve) => sent.write(" ".repeat(8 * MIB), () => resolve()))),
  );

  const waiting = post("/v1/events/batch", Buffer.byteLength(big));
  let isAnswered = false;
  const answered = answerTo(waiting).then((status) => {
    isAnswered = true;
    return status;
  });
  waiting.end(big);
  for (let count = 0; count < 20; count++) {
    const between = post("/v1/events/batch", Buffer.byteLength(small));
    between.end(small);
    assert.equal(await answerTo(between), 202);
  }
  assert.equal(isAnswered, false);

  slow[0]?.destroy();
  assert.equal(await answered, 202);
  slow[1]?.destroy();
});
