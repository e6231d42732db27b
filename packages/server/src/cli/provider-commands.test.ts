import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeAuthority } from "../../../../test/certificates.ts";
import { type Apis, OPERATOR_KEY, openApis } from "../api/api-fixtures.contract.ts";
import { openStorage } from "../storage/open.ts";
import { compactFile } from "../storage/sqlite/compact.ts";
import { buildProgram } from "./program.ts";
import { type Ended, runRecorded } from "./recorded-io.contract.ts";

let apis: Apis;
let url: string;
const cwd = mkdtempSync(join(tmpdir(), "trulinks-cli-"));
before(async () => {
  apis = await openApis();
  url = await apis.provider.listen({ host: "127.0.0.1", port: 0 });
  await apis.ask({ method: "POST", path: "/v1/users", body: { id: "ada" } });
  await apis.ask({ method: "PUT", path: "/v1/groups/repo:42/users/ada" });
  await apis.ask({
    method: "POST",
    path: "/v1/hooks",
    body: { user: "ada", url: "https://example.com/hooks", events: ["*"] },
  });
});
after(async () => {
  await apis.close();
  rmSync(cwd, { recursive: true });
});

function run(
  args: readonly string[],
  { stdin = "", to = url }: { readonly stdin?: string; readonly to?: string } = {},
): Promise<Ended> {
  const env = { TRULINKS_OPERATOR_KEY: OPERATOR_KEY, TRULINKS_PROVIDER: new URL(to).host };
  return runRecorded((io) => buildProgram(io, openStorage, compactFile), args, { env, cwd, stdin });
}

function file(name: string, text: string): string {
  writeFileSync(join(cwd, name), text);
  return name;
}

/** What is stored of the deliveries of an event. */
async function storedOf(event: string) {
  const { json } = await apis.ask({ method: "GET", path: `/v1/deliveries?event=${event}` });
  const found = await apis.storage.webhooks.findDelivery(json.data[0].id, { kind: "all" });
  assert.ok(found);
  return found;
}

const event = (n: number) => JSON.stringify({ type: "issue.opened", users: ["ada"], data: { n } });

describe("events publish", () => {
  test("publishes one event of the type, with the data that is said", async () => {
    const args = ["events", "publish", "--type", "issue.opened", "--user", "ada", "--data", '{"n":1.50}'];
    const ended = await run(args);
    assert.deepEqual(ended, { stdout: "1 event published, 1 delivery.\n", stderr: "", exitCode: 0 });
    const all = [
      "--id",
      "evt-cli",
      "--key",
      "issue:1",
      "--expires-in-s",
      "60",
      "--group",
      "repo:42",
      "--json",
    ];
    const [result] = lines(await run([...args, ...all]));
    assert.deepEqual(result, { line: 1, status: 202, id: "evt-cli", deliveries: 1 });
    const { delivery, event } = await storedOf("evt-cli");
    assert.deepEqual([event?.data, delivery.key], ['{"n":1.5}', "issue:1"]);
    assert.equal((delivery.expiresAtMs ?? 0) - (event?.atMs ?? 0), 60_000);
    assert.deepEqual(lines(await run([...args, ...all])), [result]);
  });

  test("publishes what a file or standard input has, in order", async () => {
    const text = Array.from({ length: 1_203 }, (_, n) => event(n)).join("\n");
    for (const ended of [
      await run(["events", "publish", "--data", file("events.jsonl", text), "--json"]),
      await run(["events", "publish", "--data", "-", "--json"], { stdin: text }),
    ]) {
      assert.deepEqual([ended.stderr, ended.exitCode], ["", 0]);
      const told = lines(ended);
      assert.deepEqual(
        told.map(({ line }) => line),
        Array.from({ length: 1_203 }, (_, n) => n + 1),
      );
      const { event } = await storedOf(String(told[777]?.["id"]));
      assert.equal(event?.data, '{"n":777}');
    }
    const list = await run(["events", "publish", "--data", "-"], { stdin: `[${event(1)},${event(2)}]` });
    assert.equal(list.stdout, "2 events published, 2 deliveries.\n");
    const data = await run(["events", "publish", "--type", "a.b", "--user", "ada", "--data", "-"], {
      stdin: '{"n":1}\n{"n":2}',
    });
    assert.equal(data.stdout, "2 events published, 2 deliveries.\n");
  });

  test("what the command line says holds for events that do not say it themselves", async () => {
    const stdin = `${event(1)}\n{"type":"issue.closed","data":{}}`;
    const ended = await run(["events", "publish", "--data", "-", "--group", "repo:42", "--json"], { stdin });
    const users = await Promise.all(
      lines(ended).map(async ({ id }) => (await storedOf(String(id))).delivery.userId),
    );
    assert.deepEqual(users, ["ada", "ada"]);
  });

  test("tells which events were refused and why, publishes the others, and has failed", async () => {
    const stdin = `${event(1)}\n{"type":"Bad","data":{}}\n${event(2)}\n{"type":"a.b","users":["bob"],"data":{}}`;
    const ended = await run(["events", "publish", "--data", "-"], { stdin });
    assert.equal(ended.exitCode, 1);
    assert.equal(ended.stdout, "2 events published, 2 deliveries. 2 events refused.\n");
    const [first = "", second = "", third = ""] = ended.stderr.split("\n");
    assert.match(first, /^Line 2: type must be dotted words/);
    assert.match(second, /^ {2}\/type: type must be/);
    assert.match(third, /^Line 4: No known recipient\./);
    const { stdout, stderr, exitCode } = await run(["events", "publish", "--data", "-", "--json"], { stdin });
    assert.deepEqual(
      [lines({ stdout }).map(({ status }) => status), stderr, exitCode],
      [[202, 422, 202, 422], "", 1],
    );
  });

  test("a number that would change is refused, and not changed on the way", async () => {
    const data = '{"id":9007199254740993}';
    const ended = await run(["events", "publish", "--type", "a.b", "--user", "ada", "--data", data]);
    assert.match(ended.stderr, /\/data\/id: This number would not arrive as it was sent/);
  });

  const misused: readonly (readonly [promise: string, args: readonly string[], message: RegExp])[] = [
    ["nothing to publish", [], /^Say --type for one event, or --data with whole events\.$/m],
    [
      "a file that is not there",
      ["--data", "none.json"],
      /^The file .*none\.json cannot be read \(ENOENT\)\.$/m,
    ],
    [
      "data that is no object",
      ["--type", "a.b", "--data", "-"],
      /^Line 1: expected a JSON object, its data\.$/m,
    ],
    [
      "an id for several",
      ["--id", "x", "--data", "two.jsonl"],
      /^--id is the id of one event, and there are more\.$/m,
    ],
    [
      "no time to live",
      ["--type", "a.b", "--expires-in-s", "0"],
      /^--expires-in-s is "0"\. Expected a whole number/m,
    ],
    ["no URL", ["--type", "a.b", "--url", "localhost"], /^--url is "localhost"\. Expected a URL such as/m],
    ["another scheme", ["--type", "a.b", "--url", "ftp://x"], /^--url is "ftp:\/\/x"\./m],
    [
      "no such key file",
      ["--type", "a.b", "--operator-key-file", "no.key"],
      /^There is no operator key in .*no\.key\./m,
    ],
    [
      "no such certificates",
      ["--type", "a.b", "--ca", "no.pem"],
      /^The file .*no\.pem with certificates cannot be read\.$/m,
    ],
  ];
  for (const [promise, args, message] of misused) {
    test(`is refused in one sentence: ${promise}`, async () => {
      file("two.jsonl", `${event(1)}\n${event(2)}`);
      const ended = await run(["events", "publish", ...args], { stdin: "5" });
      assert.deepEqual([ended.stdout, ended.exitCode], ["", 1]);
      assert.match(ended.stderr, message);
    });
  }

  test("another operator key is told, and no key is said", async () => {
    file("other.key", `${"k".repeat(30)}\n`);
    const env = { TRULINKS_OPERATOR_KEY: "n".repeat(30) };
    const ended = await runRecorded(
      (io) => buildProgram(io, openStorage, compactFile),
      ["events", "publish", "--type", "a.b", "--user", "ada", "--url", url],
      { env, cwd },
    );
    assert.equal(ended.stderr, "The platform knows another operator key than this one.\n");
  });

  test("a platform that is away for a moment gets the same batch again, under the same key", async () => {
    const keys: unknown[] = [];
    const server = createServer((request, response) => {
      keys.push(request.headers["idempotency-key"]);
      if (keys.length === 1) {
        request.socket.destroy();
        return;
      }
      const isAway = keys.length === 2;
      const body = isAway ? { message: "Wait." } : { results: [{ status: 202, id: "e", deliveries: 0 }] };
      response.writeHead(isAway ? 503 : 202, { "retry-after": "0" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ended = await run(["events", "publish", "--type", "a.b", "--user", "ada"], { to });
    server.close();
    assert.deepEqual([ended.stderr, ended.stdout], ["", "1 event published, 0 deliveries.\n"]);
    assert.equal(keys.length, 3);
    assert.match(String(keys[0]), /^cli-[0-9a-f]+$/);
    assert.equal(new Set(keys).size, 1);
  });
});

describe("event-types", () => {
  test("are registered, listed, shown and deleted", async () => {
    assert.match((await run(["event-types", "list"])).stdout, /^No event type is registered/);
    const definition = {
      schema: { type: "object", required: ["n"] },
      description: "An issue was opened.\nAt last.",
    };
    const put = await run([
      "event-types",
      "put",
      "issue.opened",
      file("type.json", JSON.stringify(definition)),
    ]);
    assert.deepEqual([put.stdout, put.stderr], ["issue.opened is registered in version 1.\n", ""]);
    const again = await run(["event-types", "put", "issue.opened", "-"], {
      stdin: '{"schema":{"required":["n"]}}',
    });
    assert.equal(again.stdout, "issue.opened is registered in version 2.\n");
    await run(["event-types", "put", "issue.opened", "type.json", "--json"]);

    assert.equal((await run(["event-types", "list"])).stdout, "issue.opened     3  An issue was opened.\n");
    const [listed] = JSON.parse((await run(["event-types", "list", "--json"])).stdout);
    assert.deepEqual(JSON.parse((await run(["event-types", "show", "issue.opened"])).stdout), listed);

    const refused = await run(["events", "publish", "--type", "issue.opened", "--user", "ada"]);
    assert.match(refused.stderr, /^Line 1: n is required\. .*\n {2}\/data\/n: n is required\.\n$/);
    const gone = await run(["event-types", "delete", "issue.opened"]);
    assert.equal(gone.stdout, "issue.opened is deleted.\n");
    assert.match((await run(["event-types", "show", "issue.opened"])).stderr, /^Not Found\./);
  });

  test("that are flawed are told with pointers", async () => {
    const stdin = '{"schema":{"properties":{"a":{"type":"strin"}}}}';
    const ended = await run(["event-types", "put", "a.b", "-"], { stdin });
    assert.equal(ended.exitCode, 1);
    assert.match(
      ended.stderr,
      /^ {2}\/schema\/properties\/a\/type: There is no such type\. Did you mean string\?$/m,
    );
    const two = await run(["event-types", "put", "a.b", "-"], { stdin: "{}\n{}" });
    assert.equal(two.stderr, "Standard input: expected one JSON object.\n");
  });
});

test("a platform that is not there is told, and how to say where it is", async () => {
  const ended = await run(["event-types", "list", "--url", "http://127.0.0.1:1"]);
  assert.match(
    ended.stderr,
    /^http:\/\/127\.0\.0\.1:1 does not answer \(ECONNREFUSED\)\. Is the platform up\?/,
  );
  assert.equal(ended.exitCode, 1);
});

test("a platform with a certificate of its own authority is trusted by name only", async () => {
  const authority = await makeAuthority();
  const server = createTlsServer(await authority.issue({ hosts: ["127.0.0.1"] }), (_, response) => {
    response.end(JSON.stringify({ data: [], next: null }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const args = ["event-types", "list", "--json", "--url"];
  const to = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const trusted = await run([...args, to, "--ca", file("ca.pem", authority.cert)]);
  const strange = await run([...args, to]);
  server.close();
  assert.deepEqual([trusted.stdout, trusted.stderr], ["[]\n", ""]);
  assert.match(strange.stderr, /^https:\/\/127\.0\.0\.1:\d+ does not answer \([A-Z_]+\)\./);
});

test("the key of the data folder is found by itself", async () => {
  const folder = mkdtempSync(join(cwd, "data-"));
  writeFileSync(join(folder, "operator.key"), `${OPERATOR_KEY}\n`, { mode: 0o600 });
  assert.ok(readFileSync(join(folder, "operator.key"), "utf8").length > 0);
  const ended = await runRecorded(
    (io) => buildProgram(io, openStorage, compactFile),
    ["event-types", "list", "--url", url],
    { env: { TRULINKS_DATA: folder }, cwd },
  );
  assert.deepEqual([ended.stderr, ended.exitCode], ["", 0]);
});

function lines({ stdout }: Pick<Ended, "stdout">): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
