/** `trulinks replay`, as the provider and as an integrator, against both APIs over sockets. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Apis, OPERATOR_KEY, openApis } from "../api/api-fixtures.contract.ts";
import { makeSide, type Side } from "../api/matrix-world.contract.ts";
import { openStorage } from "../storage/open.ts";
import { compactFile } from "../storage/sqlite/compact.ts";
import { claiming, settleAs } from "../webhooks/store-fixtures.contract.ts";
import { buildProgram } from "./program.ts";
import { type Ended, runRecorded } from "./recorded-io.contract.ts";

let apis: Apis;
let side: Side;
let provider: Readonly<Record<string, string>>;
let app: Readonly<Record<string, string>>;
const cwd = mkdtempSync(join(tmpdir(), "trulinks-cli-"));
before(async () => {
  apis = await openApis();
  const listen = async (api: Apis["provider"]) =>
    new URL(await api.listen({ host: "127.0.0.1", port: 0 })).host;
  const places = {
    TRULINKS_PROVIDER: await listen(apis.provider),
    TRULINKS_PUBLIC: await listen(apis.integrator),
  };
  side = await makeSide(apis);
  const [id = "", secret = ""] = Buffer.from(side.basic.slice("Basic ".length), "base64")
    .toString()
    .split(":");
  provider = { ...places, TRULINKS_OPERATOR_KEY: OPERATOR_KEY };
  app = { ...places, TRULINKS_CLIENT_ID: id, TRULINKS_CLIENT_SECRET: secret };
});
after(async () => {
  await apis.close();
  rmSync(cwd, { recursive: true });
});

function run(args: readonly string[], env = provider): Promise<Ended> {
  return runRecorded((io) => buildProgram(io, openStorage, compactFile), ["replay", ...args], { env, cwd });
}

async function json(args: readonly string[], env = provider) {
  const { stdout, stderr, exitCode } = await run([...args, "--json"], env);
  assert.deepEqual([stderr, exitCode], ["", 0], args.join(" "));
  return JSON.parse(stdout);
}

/** Two deliveries, to the app's hook and to the user's, that have failed. */
async function fail(): Promise<void> {
  const body = { type: "a.b", users: [side.user], data: {} };
  await apis.ask({ method: "POST", path: "/v1/events", body });
  const { webhooks } = apis.storage;
  for (const claim of await webhooks.claimDue(claiming({ nowMs: Date.now(), countMax: 10 }))) {
    await settleAs(apis.storage, claim, { kind: "failed", because: "no-retries" }, { nowMs: Date.now() });
  }
}

/** Takes the steps that a worker would, while something runs. */
async function working<Result>(task: Promise<Result>): Promise<Result> {
  let isOver = false;
  void task.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await apis.storage.replays.advanceReplays(Date.now());
    await sleep(5);
  }
  return task;
}

describe("a replay", () => {
  test("is begun and watched until it has ended", async () => {
    await fail();
    const ended = await working(run(["--since", "1h"]));
    assert.match(ended.stdout, /^Replay rpl_\w+ is done: 2 deliveries are on the way again\.\n$/);
    assert.equal(ended.exitCode, 0);
    await fail();
    const told = await working(json(["--hook", side.appHook, "--per-s", "100"], app));
    // What had been replayed has failed again by then.
    assert.deepEqual([told.state, told.total, told.done, told.per_s], ["done", 2, 2, 100]);
  });

  test("is about what the flags say", async () => {
    const flags = [
      "--hook",
      side.appHook,
      "--user",
      "ada",
      "--app",
      side.app,
      "--type",
      "a.b",
      "--after",
      "7",
    ];
    const begun = await json([...flags, "--states", "failed, expired", "--per-s", "0.5", "--detach"]);
    const { id, hook, user, app: of, type, after: number, states, per_s } = begun;
    assert.deepEqual([hook, user, of, type, number], [side.appHook, "ada", side.app, "a.b", 7]);
    assert.deepEqual([states, per_s], [["failed", "expired"], 0.5]);
    await run(["cancel", id]);
  });

  test("is shown, listed, paused, goes on and is cancelled", async () => {
    const detached = await run(["--all", "--detach"]);
    const [, id = ""] =
      /^(rpl_\w+) is under way\. Watch it: trulinks replay show rpl_\w+ --watch\n$/.exec(detached.stdout) ??
      [];
    assert.equal((await run(["pause", id])).stdout, `${id} is paused.\n`);
    assert.match((await run(["show", id])).stdout, /^state +paused$/m);
    assert.equal((await run(["resume", id, "--per-s", "5"])).stdout, `${id} is running.\n`);
    assert.equal((await json(["show", id])).per_s, 5);
    const list = (await run(["list", "--limit", "1"])).stdout.split("\n");
    assert.match(list[0] ?? "", /^REPLAY +STATE +DONE +SKIPPED +TOTAL +AGE +OF$/);
    assert.match(list[1] ?? "", new RegExp(`^${id}  running +0 +0 +counting +\\d+s +failed$`));
    assert.match((await run(["cancel", id])).stdout, /is cancelled: 0 deliveries are on the way again\.\n$/);
    const late = await run(["pause", id]);
    assert.deepEqual([late.exitCode, late.stdout], [1, ""]);
    assert.match(late.stderr, /^This replay is cancelled\. Begin another one/);
  });

  test("that somebody else cancels ends the watching, and the command has failed", async () => {
    const { id } = await json(["--all", "--detach", "--per-s", "1"]);
    const watching = run(["show", id, "--watch"]);
    await run(["cancel", id]);
    const { stdout, exitCode } = await watching;
    assert.match(stdout, /is cancelled/);
    assert.equal(exitCode, 1);
  });

  test("of another is not known", async () => {
    const { id } = await json(["start", "--all", "--detach"]);
    assert.match((await run(["show", id], app)).stderr, /^Not Found\./);
    await run(["cancel", id]);
  });
});

const MISUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /^Say what: --hook, --user, --app, --type or --since; or --all\.$/m],
  [["--states", "expired"], /^Say what: /],
  [["--since", "yesterday"], /^--since is "yesterday"\. Expected how long ago/],
  [["--after", "x"], /^--after is "x"\. Expected a whole number/],
  [["--all", "--per-s", "0"], /^--per-s is "0"\. Expected a number above 0/],
  [["--after", "5"], /\/after: after is a number of one hook's deliveries/],
  [["--all", "--states", "waiting"], /\/states\/0: /],
  [["--hook", "hok_none"], /\/hook: hook names nothing that exists/],
];
for (const [args, message] of MISUSED) {
  test(`is refused in words that say what to do: ${args.join(" ")}`, async () => {
    const { stdout, stderr, exitCode } = await run(args);
    assert.deepEqual([stdout, exitCode], ["", 1]);
    assert.match(stderr, message);
  });
}
