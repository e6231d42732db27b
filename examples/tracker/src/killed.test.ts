/** The tracker is killed again and again while it works: no event of a change may be lost, none invented. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { toBase64 } from "@trulinks/protocol";
import { type Answer, call, callAsGateway, TEST_IDENTITY_KEY } from "./testing/as-gateway.ts";
import { SINK_OPERATOR_KEY, type SunkEvent, startSink } from "./testing/sink.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const KILLS = 6;

interface Killable {
  readonly url: string;
  start(): Promise<void>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

async function killableTracker(dataFolder: string, trulinksUrl: string): Promise<Killable> {
  const port = await freePort();
  let child: ChildProcess;
  return {
    url: `http://127.0.0.1:${port}`,
    async start() {
      child = spawn(process.execPath, ["--conditions", "trulinks-source", MAIN], {
        env: {
          TRACKER_LISTEN: `127.0.0.1:${port}`,
          TRACKER_DATA: dataFolder,
          TRACKER_TRULINKS_URL: trulinksUrl,
          TRACKER_OPERATOR_KEY: SINK_OPERATOR_KEY,
          TRACKER_IDENTITY_KEY: toBase64(TEST_IDENTITY_KEY),
        },
        stdio: ["ignore", "pipe", "ignore"],
      });
      assert.ok(child.stdout);
      const [line] = await once(child.stdout, "data");
      assert.equal(String(line), `The tracker is ready at http://127.0.0.1:${port}.\n`);
    },
    async end(signal) {
      child.kill(signal);
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      return child.exitCode;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("events are neither lost nor invented when the tracker is killed and answers are lost", async (t) => {
  const dataFolder = await mkdtemp(join(tmpdir(), "tracker-killed-"));
  const sink = await startSink();
  const tracker = await killableTracker(dataFolder, sink.url);
  let isOver = false;
  let isAbandoned = false;
  t.after(async () => {
    isOver = true;
    isAbandoned = true;
    await tracker.end("SIGKILL");
    await sink.stop();
    await rm(dataFolder, { recursive: true });
  });
  await tracker.start();
  const operator = { authorization: `Bearer ${SINK_OPERATOR_KEY}` };
  await call(tracker.url, "POST", "/users", { body: { id: "ada", name: "Ada" }, headers: operator });
  await callAsGateway(tracker.url, "POST", "/projects", { user: "ada", body: { name: "apollo" } });
  let calls = 0;
  sink.mood = () => (++calls % 7 === 0 ? "answer-lost" : "well");

  const acknowledged: number[] = [];
  /** A patient client: the same key until an answer comes. */
  async function write(): Promise<void> {
    for (let made = 0; !isOver; made++) {
      const headers = { "idempotency-key": `issue-${made}` };
      let answer: Answer | null = null;
      while (answer === null && !isAbandoned) {
        const body = { title: `Issue ${made}` };
        answer = await callAsGateway(tracker.url, "POST", "/projects/1/issues", {
          user: "ada",
          body,
          headers,
        }).catch(() => null);
        if (answer === null) await sleep(10);
      }
      if (answer === null) return;
      assert.equal(answer.status, 201);
      acknowledged.push(answer.body.number);
    }
  }

  const writing = write();
  for (let kill = 0; kill < KILLS; kill++) {
    const reached = acknowledged.length + 5;
    while (acknowledged.length < reached) await sleep(1);
    await sleep(Math.random() * 30);
    await tracker.end("SIGKILL");
    await tracker.start();
  }
  isOver = true;
  await writing;
  while ((await call(tracker.url, "GET", "/outbox", { headers: operator })).body.waiting > 0) await sleep(10);

  const stored: number[] = [];
  let target: string | undefined = "/projects/1/issues?limit=100";
  while (target !== undefined) {
    const { body, headers }: Answer = await call(tracker.url, "GET", target);
    stored.push(...body.map((issue: { number: number }) => issue.number));
    target = /<(.*)>/.exec(headers.get("link") ?? "")?.[1];
  }
  const told = sink.events
    .filter((event) => event.type === "issue.opened")
    .map((event: SunkEvent) => (event.data["issue"] as { number: number }).number);
  assert.deepEqual(told, stored, "one event for each issue, in the order of the issues");
  assert.deepEqual(acknowledged, stored, "each issue was acknowledged once");
  assert.equal(sink.reusedCount(), 0);
  assert.deepEqual((await call(tracker.url, "GET", "/outbox/refused", { headers: operator })).body, []);

  assert.equal(await tracker.end("SIGTERM"), 0, "SIGTERM stops it cleanly");
});

test("a tracker that starts anew does not repeat the ids of the one before", async (t) => {
  const sink = await startSink();
  t.after(() => sink.stop());
  for (let life = 0; life < 2; life++) {
    const dataFolder = await mkdtemp(join(tmpdir(), "tracker-anew-"));
    const tracker = await killableTracker(dataFolder, sink.url);
    await tracker.start();
    const headers = { authorization: `Bearer ${SINK_OPERATOR_KEY}` };
    await call(tracker.url, "POST", "/users", { body: { id: "ada", name: "Ada" }, headers });
    await callAsGateway(tracker.url, "POST", "/projects", { user: "ada", body: { name: "apollo" } });
    await callAsGateway(tracker.url, "POST", "/projects/1/issues", { user: "ada", body: { title: "First" } });
    while ((await call(tracker.url, "GET", "/outbox", { headers })).body.waiting > 0) await sleep(10);
    await tracker.end("SIGTERM");
    await rm(dataFolder, { recursive: true });
  }
  assert.deepEqual(
    sink.events.map((event) => event.type),
    ["project.created", "issue.opened", "project.created", "issue.opened"],
  );
  assert.equal(sink.reusedCount(), 0);
});

test("settings that are missing or wrong are all named, and a taken port is one sentence", async () => {
  const run = async (env: Record<string, string>): Promise<[number | null, string]> => {
    const child = spawn(process.execPath, ["--conditions", "trulinks-source", MAIN], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    child.stderr.on("data", (chunk) => {
      text += chunk;
    });
    await once(child, "close");
    return [child.exitCode, text];
  };
  const [code, flaws] = await run({ TRACKER_LISTEN: "3000", TRACKER_IDENTITY_KEY: "c2hvcnQ=" });
  assert.equal(code, 1);
  assert.match(
    flaws,
    /TRACKER_LISTEN must be HOST:PORT.*\nSet TRACKER_OPERATOR_KEY,.*\nTRACKER_IDENTITY_KEY must be 32 bytes/,
  );

  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const dataFolder = await mkdtemp(join(tmpdir(), "tracker-taken-"));
  const [takenCode, sentence] = await run({
    TRACKER_LISTEN: `127.0.0.1:${port}`,
    TRACKER_DATA: dataFolder,
    TRACKER_OPERATOR_KEY: SINK_OPERATOR_KEY,
    TRACKER_IDENTITY_KEY: toBase64(TEST_IDENTITY_KEY),
  });
  assert.deepEqual(
    [takenCode, sentence],
    [1, `Port ${port} on 127.0.0.1 is taken. Set TRACKER_LISTEN to another.\n`],
  );
  taken.close();
  await rm(dataFolder, { recursive: true });
});
