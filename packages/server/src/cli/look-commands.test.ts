/** `trulinks hooks` and `trulinks deliveries`, as the provider and as integrators, against both APIs over sockets. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Apis, OPERATOR_KEY, openApis } from "../api/api-fixtures.contract.ts";
import { openStorage } from "../storage/open.ts";
import { compactFile } from "../storage/sqlite/compact.ts";
import { buildProgram } from "./program.ts";
import { type Ended, runRecorded } from "./recorded-io.contract.ts";

let apis: Apis;
let provider: Readonly<Record<string, string>>;
let app: Readonly<Record<string, string>>;
let user: Readonly<Record<string, string>>;
const cwd = mkdtempSync(join(tmpdir(), "trulinks-cli-"));
before(async () => {
  apis = await openApis();
  const listen = async (api: Apis["provider"]) =>
    new URL(await api.listen({ host: "127.0.0.1", port: 0 })).host;
  const places = {
    TRULINKS_PROVIDER: await listen(apis.provider),
    TRULINKS_PUBLIC: await listen(apis.integrator),
  };
  const ask = async (path: string, body: object) => (await apis.ask({ method: "POST", path, body })).json;
  await ask("/v1/users", { id: "ada" });
  const made = await ask("/v1/apps", { name: "Greeter" });
  await ask("/v1/grants", { user: "ada", app: made.id });
  const { token } = await ask("/v1/tokens", { user: "ada" });
  provider = { ...places, TRULINKS_OPERATOR_KEY: OPERATOR_KEY };
  app = { ...places, TRULINKS_CLIENT_ID: made.client_id, TRULINKS_CLIENT_SECRET: made.client_secret };
  user = { ...places, TRULINKS_TOKEN: token };
});
after(async () => {
  await apis.close();
  rmSync(cwd, { recursive: true });
});

function run(args: readonly string[], env = provider): Promise<Ended> {
  return runRecorded((io) => buildProgram(io, openStorage, compactFile), args, { env, cwd });
}

/** What it prints, where it does what it should. */
async function printed(args: readonly string[], env = provider): Promise<string> {
  const { stdout, stderr, exitCode } = await run(args, env);
  assert.deepEqual([stderr, exitCode], ["", 0], args.join(" "));
  return stdout;
}

async function json(args: readonly string[], env = provider) {
  return JSON.parse(await printed([...args, "--json"], env));
}

async function lines(args: readonly string[], env = provider) {
  const text = await printed([...args, "--json"], env);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const CREATE = ["hooks", "create", "--receiver", "https://example.com/hook", "--event", "issue.*"];

describe("hooks", () => {
  test("are made with all that a hook can have, and their secret is printed", async () => {
    writeFileSync(join(cwd, "hook.secret"), `whsec_${Buffer.alloc(32, 1).toString("base64")}\n`);
    const flags = [
      ...["--user", "ada", "--event", "user.created", "--filter", '{"/issue/state":"open"}'],
      ...["--include", "/issue/title", "--include", "/issue/url", "--secret-file", "hook.secret"],
      ...["--no-verify-tls", "--ack-deadline-ms", "9000", "--no-retries", "--serial", "--in-flight-max", "3"],
    ];
    const hook = await json([...CREATE, ...flags]);
    const expected = {
      ...{ user: "ada", url: "https://example.com/hook", events: ["issue.*", "user.created"] },
      ...{ filter: { "/issue/state": "open" }, include: ["/issue/title", "/issue/url"], verify_tls: false },
      ...{ ack_deadline_ms: 9_000, retries: "none", serial: true, in_flight_max: 3, state: "active" },
      secret: `whsec_${Buffer.alloc(32, 1).toString("base64")}`,
    };
    assert.deepEqual({ ...hook, ...expected }, hook);
  });

  for (const [who, env, flags, owner] of [
    ["the provider for a user", () => provider, ["--user", "ada"], "user ada"],
    ["an app", () => app, [], "app app_"],
    ["a user", () => user, [], "user ada"],
  ] as const) {
    test(`are made, looked at, changed and deleted by ${who}`, async () => {
      const text = await printed([...CREATE, ...flags], env());
      const [, id = ""] = /^hook +(hok_\w+)$/m.exec(text) ?? [];
      assert.match(text, /^secret +whsec_/m);
      const shown = await printed(["hooks", "show", id], env());
      assert.ok(shown.includes(owner), shown);
      assert.match(shown, /^waiting +(nothing|1 \(1 due\), \d+ bytes, oldest \d+s, next try now)$/m);
      assert.ok((await lines(["hooks", "list", "--all"], env())).some((hook) => hook.id === id));
      assert.match(await printed(["hooks", "list"], env()), new RegExp(`^HOOK.*\\n(.*\\n)*${id}  `));
      assert.match(
        await printed(["hooks", "ping", id], env()),
        /^The ping is under way\. See: trulinks deliveries/,
      );
      assert.match(await printed(["hooks", "rotate", id], env()), /^whsec_\S+\n$/);
      assert.equal(await printed(["hooks", "delete", id], env()), `${id} is deleted.\n`);
      assert.match((await run(["hooks", "show", id], env())).stderr, /^Not Found\./);
    });
  }

  test("are paused and made active again, at a pace", async () => {
    const { id } = await json([...CREATE, "--user", "ada"]);
    assert.equal(await printed(["hooks", "pause", id]), `${id} is paused; what comes for it is kept.\n`);
    await printed(["events", "publish", "--type", "issue.opened", "--user", "ada"]);
    assert.match(
      await printed(["hooks", "show", id]),
      /^waiting +1 \(1 hook-paused\), 2 bytes, oldest \d+s$/m,
    );
    assert.equal((await json(["hooks", "resume", id, "--release-per-s", "5"])).state, "active");
    await printed(["hooks", "delete", id]);
  });

  test("one user's secret is rotated alone, by the app", async () => {
    const { id } = await json(CREATE, app);
    const rotated = await json(["hooks", "rotate", id, "--user", "ada"], app);
    assert.equal(rotated.secrets.length, 2);
  });

  test("are sent the example of a type", async () => {
    const body = { schema: {}, examples: [{ n: 1 }] };
    await apis.ask({ method: "PUT", path: "/v1/event-types/issue.opened", body });
    const { id } = await json([...CREATE, "--user", "ada"]);
    const text = await printed(["hooks", "test", id, "issue.opened"]);
    const [, delivery = ""] =
      /^The test is under way\. See: trulinks deliveries show (dlv_\w+)\n$/.exec(text) ?? [];
    assert.match(await printed(["deliveries", "show", delivery]), /^event +evt_\w+ {2}issue\.opened$/m);
    assert.match((await run(["hooks", "test", id, "issue.opend"])).stderr, /Did you mean issue\.opened\?/);
    await printed(["hooks", "delete", id]);
    await apis.ask({ method: "DELETE", path: "/v1/event-types/issue.opened" });
  });

  test("that are not there are told of in one line", async () => {
    assert.equal(await printed(["hooks", "list", "--user", "nobody"]), "There is no hook.\n");
  });
});

describe("deliveries", () => {
  test("are listed by every filter, newest first, page by page", async () => {
    const { id: hook } = await json([...CREATE, "--user", "ada", "--event", "*"]);
    await printed(["hooks", "pause", hook]);
    const publish = ["events", "publish", "--type", "invoice.paid", "--user", "ada", "--data", "-"];
    const stdin = Array.from({ length: 203 }, () => "{}").join("\n");
    await runRecorded((io) => buildProgram(io, openStorage, compactFile), publish, {
      env: provider,
      cwd,
      stdin,
    });
    const all = await lines(["deliveries", "list", "--hook", hook, "--all"]);
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      Array.from({ length: 203 }, (_, n) => 203 - n),
    );
    for (const [flags, count] of [
      [[], 50],
      [["--limit", "202"], 202],
      [["--limit", "1"], 1],
      [["--state", "waiting", "--user", "ada", "--type", "invoice.paid", "--after", "1h", "--all"], 203],
      [["--event", all[7].event], 1],
      [["--state", "failed"], 0],
      [["--status", "500"], 0],
      [["--before", "1h"], 0],
      [["--app", "app_none"], 0],
    ] as const) {
      const found = await lines(["deliveries", "list", "--hook", hook, ...flags]);
      assert.equal(found.length, count, flags.join(" "));
    }
    const text = await printed(["deliveries", "list", "--hook", hook, "--limit", "2"]);
    assert.match(text, /^DELIVERY +TYPE +STATE.*\n(dlv_\w+ +invoice\.paid +hook-paused .*\n){2}$/);
    assert.equal(
      await printed(["deliveries", "list", "--hook", hook, "--state", "failed"]),
      "There is no such delivery.\n",
    );
    await printed(["hooks", "delete", hook]);
  });

  test("are shown with what was sent and answered, of which nothing can act on the terminal", async () => {
    const id = await attempted("\u001b[2Jgone");
    const text = await printed(["deliveries", "show", id], user);
    assert.match(text, new RegExp(`^delivery +${id}\\nstate +delivered\\n`));
    assert.match(text, /^ATTEMPT +AT +OUTCOME +TOOK +GUIDELINE\n +1 +\S+ +accepted 200 +7 ms$/m);
    assert.match(text, /^Attempt 1, sent:\n {2}webhook-id: x\n\n {2}\{"id":"evt_/m);
    assert.match(text, /^Attempt 1, answered:\n {2}server: me\n\n {2}\\x1b\[2Jgone\n$/m);
    const whole = await json(["deliveries", "show", id], user);
    assert.equal(whole.attempts[0].answer.body, "\u001b[2Jgone");
    const { stderr, exitCode } = await run(["deliveries", "show", id, "--attempt", "2"]);
    assert.deepEqual([stderr, exitCode], ["There is no attempt 2; there were 1.\n", 1]);
  });
});

describe("a delivery", () => {
  test("is sent once more, by the provider and by its user", async () => {
    const id = await attempted("ok");
    assert.equal(
      await printed(["deliveries", "redeliver", id]),
      `${id} is on its way again (waiting: due).\n`,
    );
    const again = await json(["deliveries", "redeliver", await attempted("ok")], user);
    assert.equal(again.state, "waiting");
    const { stderr, exitCode } = await run(["deliveries", "redeliver", "dlv_none"]);
    assert.match(stderr, /^Not Found\./);
    assert.equal(exitCode, 1);
  });
});

/** A delivery that was answered with this. */
async function attempted(answerBody: string): Promise<string> {
  const { id: hook } = await json([...CREATE, "--user", "ada", "--event", "photo.taken"]);
  await printed(["events", "publish", "--type", "photo.taken", "--user", "ada", "--data", '{"n":1}']);
  const [{ id }] = await lines(["deliveries", "list", "--hook", hook]);
  const { webhooks } = apis.storage;
  const request = {
    nowMs: Date.parse("2100-01-01"),
    countMax: 1_000,
    retriesMax: 0,
    hookMax: 1_000,
    exceptHooks: [],
  };
  const claim = (await webhooks.claimDue(request)).find(({ deliveryId }) => deliveryId === id);
  assert.ok(claim);
  await webhooks.settle({
    ...{
      deliveryId: claim.deliveryId,
      lease: claim.lease,
      next: { kind: "delivered" },
      nowMs: request.nowMs,
    },
    attempt: {
      ...{ number: 1, atMs: request.nowMs, outcome: "accepted", status: 200, guideline: null },
      timings: { ...NO_TIMINGS, totalMs: 7.2 },
      exchange: { requestHeaders: [["webhook-id", "x"]], answerHeaders: [["server", "me"]], answerBody },
    },
  });
  return id;
}

const NO_TIMINGS = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null };

const MISUSED: readonly (readonly [promise: string, args: readonly string[], message: RegExp])[] = [
  ["a hook without an owner", CREATE, /^Say who owns it: --user or --app, one of them\.$/m],
  ["a hook of two", [...CREATE, "--user", "ada", "--app", "app_1"], /^Say who owns it/],
  [
    "a hook without a receiver",
    ["hooks", "create", "--user", "ada"],
    /^Say where events are posted: --receiver\.$/m,
  ],
  ["a filter that is no JSON", [...CREATE, "--user", "ada", "--filter", "{"], /^--filter is no JSON/],
  [
    "no such certificate",
    [...CREATE, "--user", "ada", "--ca-file", "none.pem"],
    /^The file .*none\.pem cannot be read \(ENOENT\)\.$/m,
  ],
  [
    "a private receiver",
    ["hooks", "create", "--user", "ada", "--event", "*", "--receiver", "https://10.0.0.1/"],
    /^ {2}\/url: /m,
  ],
  [
    "a pace of none",
    ["hooks", "resume", "hok_1", "--release-per-s", "0"],
    /^--release-per-s is "0"\. Expected a whole number/,
  ],
  [
    "a limit of none",
    ["deliveries", "list", "--limit", "0"],
    /^--limit is "0"\. Expected a whole number, 1 or more\.$/m,
  ],
  ["no time", ["deliveries", "list", "--after", "soon"], /^--after is "soon"\. Expected how long ago/],
  ["no state", ["deliveries", "list", "--state", "gone"], /^ {2}#\/query\/state: /m],
];
for (const [promise, args, message] of MISUSED) {
  test(`is refused with how to mend it: ${promise}`, async () => {
    const { stdout, stderr, exitCode } = await run(args);
    assert.deepEqual([stdout, exitCode], ["", 1]);
    assert.match(stderr, message);
  });
}
