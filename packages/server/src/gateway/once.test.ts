import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { seededDice } from "../base/seeded-dice.ts";
import { createKeptAnswers } from "../idempotency/kept-answers.ts";
import { createVault } from "../secrets/vault.ts";
import { openSqliteInProcess } from "../storage/sqlite/open.ts";
import { KEPT_BYTES_MAX } from "./answer-copy.ts";
import {
  AS_GRANT,
  ask,
  open,
  type Question,
  startGateway,
  type TestGateway,
} from "./gateway-fixtures.contract.ts";
import { startRawUpstream, startUpstream, type Upstream } from "./upstream-fixtures.contract.ts";

interface Started extends AsyncDisposable {
  readonly gateway: TestGateway;
}

async function startKeeping(url: string, deps: Parameters<typeof startGateway>[1] = {}): Promise<Started> {
  const dice = seededDice(1);
  const storage = openSqliteInProcess({ file: ":memory:", dice });
  const vault = createVault(new Uint8Array(32), dice);
  const kept = createKeptAnswers({ idempotency: storage.idempotency, vault, clock: systemClock });
  const gateway = await startGateway(url, { kept, ...deps });
  return {
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await storage.close();
    },
  };
}

function counting(): Promise<Upstream> {
  let count = 0;
  return startUpstream((_request, response) => {
    count += 1;
    response.writeHead(201, [
      "X-Count",
      String(count),
      "Content-Type",
      "application/json",
      "X-RateLimit-Limit",
      "1",
    ]);
    response.end(JSON.stringify({ number: count }));
  });
}

const JSON_TYPE = { "content-type": "application/json" };
const keyed = (over: Question & { readonly key?: string } = {}): Question => {
  const { key = "k1", headers = {}, ...rest } = over;
  const all = { ...AS_GRANT, ...JSON_TYPE, "idempotency-key": key, ...(headers as Record<string, string>) };
  return { method: "POST", path: "/issues", body: '{"a":1,"b":2}', ...rest, headers: all };
};

const SECONDS: readonly [
  because: string,
  second: Question,
  reaches: boolean,
  status: number,
  code?: string,
][] = [
  ["is the same", keyed(), false, 201],
  ["has the same JSON, written otherwise", keyed({ body: ' {"b": 2, "a": 1.0}' }), false, 201],
  ["has another body", keyed({ body: "{}" }), false, 422, "idempotency-key-reused"],
  ["has no body", { ...keyed(), body: "" }, false, 422, "idempotency-key-reused"],
  ["has another key", keyed({ key: "k2" }), true, 201],
  ["has another path", keyed({ path: "/other" }), true, 201],
  ["has another query", keyed({ path: "/issues?draft=1" }), true, 201],
  ["has another method", keyed({ method: "PUT" }), true, 201],
  ["is another caller's", keyed({ headers: { authorization: "Bearer user" } }), true, 201],
  ["has a key that is none", keyed({ key: "k 1" }), false, 422, "validation-failed"],
];

describe("after a request with an Idempotency-Key one that", () => {
  for (const [because, second, reaches, status, code] of SECONDS) {
    test(`${because} ${reaches ? "reaches the upstream" : "does not reach it"}, and is answered ${status}`, async () => {
      await using upstream = await counting();
      await using started = await startKeeping(upstream.url);
      const first = await ask(started.gateway, keyed());
      assert.deepEqual([first.status, first.body], [201, '{"number":1}']);
      const answer = await ask(started.gateway, second);
      assert.equal(answer.status, status, answer.body);
      assert.equal(upstream.requests.length, reaches ? 2 : 1);
      if (code !== undefined) {
        assert.equal(JSON.parse(answer.body).type, `urn:trulinks:problem:${code}`);
      } else if (!reaches) {
        assert.deepEqual([answer.body, answer.headers["x-count"]], [first.body, "1"]);
        assert.deepEqual(
          [answer.headers["idempotent-replayed"], first.headers["idempotent-replayed"]],
          ["true", undefined],
        );
        assert.notEqual(
          answer.headers["x-ratelimit-limit"],
          "1",
          "what tells of the quota is the gateway's own",
        );
      }
    });
  }

  test("only reads is asked again, whatever its key", async () => {
    await using upstream = await counting();
    await using started = await startKeeping(upstream.url);
    for (let times = 0; times < 2; times++) {
      await ask(started.gateway, { headers: { ...AS_GRANT, "idempotency-key": "k1" } });
    }
    assert.equal(upstream.requests.length, 2);
  });
});

test("of many at once with one key exactly one reaches the upstream, and the others are told to wait", async () => {
  const held: ServerResponse[] = [];
  await using upstream = await startUpstream((_request, response) => void held.push(response));
  await using started = await startKeeping(upstream.url);
  const { gateway } = started;
  const first = ask(gateway, keyed());
  while (held.length === 0) await systemClock.sleep(2);
  const others = await Promise.all(Array.from({ length: 5 }, () => ask(gateway, keyed())));
  for (const other of others) {
    assert.deepEqual(
      [other.status, JSON.parse(other.body).type],
      [409, "urn:trulinks:problem:idempotency-in-flight"],
    );
  }
  held[0]?.end("done");
  assert.equal((await first).body, "done");
  assert.equal(upstream.requests.length, 1);
});

test("who leaves before the answer has come finds it when it asks again", async () => {
  const held: ServerResponse[] = [];
  await using upstream = await startUpstream((_request, response) => void held.push(response));
  await using started = await startKeeping(upstream.url);
  const { gateway } = started;
  const request = open(gateway, "POST", { ...JSON_TYPE, "idempotency-key": "k1" }, "/issues");
  request.end('{"a":1,"b":2}');
  while (held.length === 0) await systemClock.sleep(2);
  request.destroy();
  await new Promise((resolve) => request.once("close", resolve));
  held[0]?.end("done");
  await gateway.logged(1);
  const again = await ask(gateway, keyed());
  assert.deepEqual([again.status, again.body, upstream.requests.length], [200, "done", 1]);
});

test("an answer of 64 KiB is given again, byte for byte; of a larger one it is told that it was given", async () => {
  for (const [bytes, isKept] of [
    [KEPT_BYTES_MAX, true],
    [KEPT_BYTES_MAX + 1, false],
  ] as const) {
    const body = Buffer.alloc(bytes, "\xff\x00é", "latin1");
    await using upstream = await startUpstream((_request, response) => void response.end(body));
    await using started = await startKeeping(upstream.url);
    const first = await ask(started.gateway, keyed());
    const again = await ask(started.gateway, keyed());
    assert.equal(first.status, 200);
    if (isKept) assert.equal(again.body, first.body);
    else assert.match(JSON.parse(again.body).detail, /answered 200.*too large/);
    assert.deepEqual([again.status, upstream.requests.length], [isKept ? 200 : 409, 1]);
  }
});

const ENDS: readonly [
  because: string,
  upstream: () => Promise<AsyncDisposable & { readonly url: string }>,
  first: number,
  second: number,
][] = [
  [
    "the upstream closed the connection without an answer",
    () => startRawUpstream((socket) => void socket.once("data", () => socket.destroy())),
    502,
    409,
  ],
  [
    "the upstream declined for now",
    () => startUpstream((_request, response) => void response.writeHead(503, { "retry-after": "1" }).end()),
    503,
    503,
  ],
  [
    "the upstream failed",
    () => startUpstream((_request, response) => void response.writeHead(500).end("no")),
    500,
    500,
  ],
];

for (const [because, startIt, first, second] of ENDS) {
  test(`where ${because}, the second is answered ${second}`, async () => {
    await using upstream = await startIt();
    await using started = await startKeeping(upstream.url);
    assert.equal((await ask(started.gateway, keyed())).status, first);
    assert.equal((await ask(started.gateway, keyed())).status, second);
    if ("requests" in upstream) {
      assert.equal((upstream as Upstream).requests.length, second === 503 ? 2 : 1);
    }
  });
}

test("where nobody could be reached nothing was sent, and the same key is as good as new", async () => {
  const upstream = await startUpstream();
  const { url } = upstream;
  await upstream[Symbol.asyncDispose]();
  await using started = await startKeeping(url);
  for (let times = 0; times < 2; times++) {
    const answer = await ask(started.gateway, keyed());
    assert.deepEqual(
      [answer.status, JSON.parse(answer.body).type],
      [502, "urn:trulinks:problem:upstream-unreachable"],
    );
  }
});
