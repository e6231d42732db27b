/** The example receivers of the guide: held against the vectors, and posted to by the platform. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { formatSecret, HEADERS, parseSecret, sign } from "@trulinks/protocol";
import { type Platform, startPlatform } from "../platform.ts";
import { findFreePort } from "../services/server-process.ts";
import { type Client, createClient } from "./client.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/receivers/", import.meta.url));

interface Language {
  readonly name: string;
  /** Says whether the language is installed here. */
  readonly probe: readonly string[];
  readonly vectors: readonly string[];
  readonly run: readonly string[];
}

const LANGUAGES: readonly Language[] = [
  {
    name: "typescript",
    probe: [process.execPath, "--version"],
    vectors: [process.execPath, "--test"],
    run: [process.execPath, "receiver.ts"],
  },
  {
    name: "python",
    probe: ["python3", "--version"],
    vectors: ["python3", "-m", "unittest"],
    run: ["python3", "receiver.py"],
  },
  { name: "go", probe: ["go", "version"], vectors: ["go", "test"], run: ["go", "run", "."] },
  {
    name: "ruby",
    probe: ["ruby", "-e", "require 'webrick'"],
    vectors: ["ruby", "test_receiver.rb"],
    run: ["ruby", "receiver.rb"],
  },
];

// What the test's own runner says of itself is not for the one that it starts.
const { NODE_TEST_CONTEXT: _, ...INHERITED } = process.env;
const ENV = {
  ...INHERITED,
  PYTHONDONTWRITEBYTECODE: "1",
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=mod",
  GOTOOLCHAIN: "local",
};

const isInstalled = ({ probe: [program = "", ...args] }: Language): boolean =>
  spawnSync(program, args, { stdio: "ignore", env: ENV }).status === 0;

const installed = LANGUAGES.filter(isInstalled);
const missing = LANGUAGES.filter((language) => !installed.includes(language)).map(({ name }) => name);

interface Running {
  readonly url: string;
  readonly folder: string;
  /** Writes which secrets are live. */
  know(secrets: object): void;
  output(): string;
  stop(): Promise<void>;
}

async function start({ name, run: [program = "", ...args] }: Language, secrets: object): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "trulinks-receiver-"));
  const file = join(folder, "secrets.json");
  const know = (known: object) => writeFileSync(file, JSON.stringify(known));
  know(secrets);
  const port = await findFreePort();
  const env = { ...ENV, SECRETS: file, INBOX: join(folder, "inbox"), PORT: String(port) };
  // A group of its own: `go run` has a child.
  const child: ChildProcess = spawn(program, args, { cwd: join(EXAMPLES, name), env, detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
  const url = `http://127.0.0.1:${port}/`;
  const ended = once(child, "exit");
  while ((await fetch(url, { method: "POST" }).catch(() => null)) === null) {
    assert.equal(child.exitCode, null, output);
    await sleep(50);
  }
  return {
    ...{ url, folder, know, output: () => output },
    async stop() {
      process.kill(-(child.pid ?? 0), "SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

test("every language that is not installed here is told of", (t) => {
  if (missing.length > 0) t.diagnostic(`not installed: ${missing.join(", ")}`);
  assert.ok(installed.some(({ name }) => name === "typescript"));
});

const SECRET = formatSecret(Buffer.alloc(32, 7));

for (const language of installed) {
  describe(`the receiver in ${language.name}`, () => {
    let platform: Platform;
    let provider: Client;
    let app: Client;
    let receiver: Running;
    let hook: string;
    let adas: string;
    before(async () => {
      platform = await startPlatform({
        args: ["--policy", "policy.yaml"],
        prepare: (folder) =>
          writeFileSync(join(folder, "policy.yaml"), "webhooks: { challenge: true, retries_s: [1, 1, 1] }\n"),
      });
      provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
      for (const id of ["ada", "bob"]) await provider.post("/v1/users", { id });
      const { body } = await provider.post("/v1/apps", { name: "Example" });
      for (const user of ["ada", "bob"]) await provider.post("/v1/grants", { user, app: body.id });
      const credentials = Buffer.from(`${body.client_id}:${body.client_secret}`).toString("base64");
      app = createClient(platform.publicUrl, `Basic ${credentials}`);
      receiver = await start(language, { hook: [SECRET] });
    });
    after(async () => {
      await receiver.stop();
      for (const client of [provider, app]) await client.close();
      await platform.dispose();
    });

    test("passes the vectors", () => {
      const [program = "", ...args] = language.vectors;
      const cwd = join(EXAMPLES, language.name);
      const { status, stdout, stderr } = spawnSync(program, args, { cwd, env: ENV, encoding: "utf8" });
      assert.equal(status, 0, stdout + stderr);
    });

    test("proves that it knows the hook's secret", async () => {
      const made = await app.post("/integrations/hooks", {
        url: receiver.url,
        events: ["*"],
        secret: SECRET,
      });
      hook = made.body.id;
      assert.equal(made.body.state, "pending");
      await until(async () => (await app.get(`/integrations/hooks/${hook}`)).body.state === "active");
    });

    test("takes what a user's own secret signs, with the old one too after a rotation", async () => {
      adas = (await app.get(`/integrations/hooks/${hook}/secrets/ada`)).body.secret;
      receiver.know({ hook: [SECRET], users: { ada: [adas] } });
      await publish({ title: "One" });
      await until(() => receiver.output().includes('issue.opened 1 {"title":"One"}'));
      await app.post(`/integrations/hooks/${hook}/secrets/ada`, {});
      await publish({ title: "Grüße 🌧" });
      await until(() => receiver.output().includes('issue.opened 2 {"title":"Grüße 🌧"}'));
    });

    test("declines for good what it has no use for", async () => {
      const { body } = await provider.post("/v1/events", { type: "invoice.paid", users: ["ada"], data: {} });
      await until(async () => (await stateOf(body.id)) === "rejected");
    });

    test("asks for the same once more where it could not keep it, and takes it then", async () => {
      receiver.know({});
      const { body } = await publish({ title: "Later" });
      await until(async () => (await attemptsOf(body.id))[0]?.status === 503);
      receiver.know({ hook: [SECRET], users: { ada: [adas] } });
      await until(() => receiver.output().includes('{"title":"Later"}'));
    });

    test("does once what comes twice", async () => {
      for (const _ of [1, 2]) assert.equal((await post({ id: "dlv_twice", data: { n: 77 } })).status, 202);
      await until(() => receiver.output().includes('{"n":77}'));
      assert.equal((await post({ id: "dlv_twice", data: { n: 77 } })).status, 202);
      await sleep(500);
      assert.equal(receiver.output().split('{"n":77}').length, 2);
    });

    const refused: readonly (readonly [promise: string, change: Partial<Posted>])[] = [
      ["a body of which one byte was changed", { tamper: true }],
      ["what was sent more than five minutes ago", { ageS: 301 }],
      ["what a secret signs that is not live", { secret: formatSecret(Buffer.alloc(32, 8)) }],
      ["what one user's secret signs and speaks of another", { speaksOf: "bob" }],
      ["what is not signed", { unsigned: true }],
    ];
    for (const [promise, change] of refused) {
      test(`refuses ${promise}`, async () => {
        assert.equal((await post({ id: "dlv_good" })).status, 202, "it is the change that is refused");
        assert.equal((await post({ id: "dlv_bad", ...change })).status, 401);
        const names = readdirSync(join(receiver.folder, "inbox"), { recursive: true });
        assert.equal(
          names.some((name) => String(name).includes("dlv_bad")),
          false,
        );
      });
    }

    test("answers a test event well, and does nothing for it", async () => {
      assert.equal((await post({ id: "dlv_test", data: { n: 88 }, isTest: true })).status, 200);
      assert.equal((await post({ id: "dlv_after", data: { n: 99 } })).status, 202);
      await until(() => receiver.output().includes('{"n":99}'));
      assert.equal(receiver.output().includes('{"n":88}'), false);
    });

    test("takes no body without an end", async () => {
      const answer = await fetch(receiver.url, { method: "POST", body: Buffer.alloc(1024 * 1024 + 1) }).catch(
        () => null,
      );
      assert.ok(answer === null || answer.status === 413, `${answer?.status}`);
    });

    function publish(data: object) {
      return provider.post("/v1/events", { type: "issue.opened", users: ["ada"], data });
    }

    async function deliveryOf(event: string) {
      return (await provider.get(`/v1/deliveries?event=${event}`)).body.data[0];
    }
    const stateOf = async (event: string): Promise<string> => (await deliveryOf(event)).state;
    const attemptsOf = async (event: string): Promise<readonly { status: number }[]> =>
      (await deliveryOf(event)).attempts;

    interface Posted {
      readonly id: string;
      readonly data?: object;
      readonly tamper?: boolean;
      readonly ageS?: number;
      readonly secret?: string;
      readonly speaksOf?: string;
      readonly unsigned?: boolean;
      readonly isTest?: boolean;
    }

    async function post({
      id,
      data = {},
      tamper,
      ageS = 0,
      secret = adas,
      speaksOf = "ada",
      unsigned,
      isTest,
    }: Posted) {
      const envelope = {
        id: "evt_1",
        type: "issue.closed",
        hook: "hok_1",
        sequence: 9,
        user: speaksOf,
        test: isTest,
        data,
      };
      const body = Buffer.from(JSON.stringify(envelope));
      const key = parseSecret(secret) ?? assert.fail();
      const timestampS = Math.floor(Date.now() / 1_000) - ageS;
      const signature = await sign([key], { id, timestampS, body });
      if (tamper) body[body.length - 3] = 0x20;
      const signed = {
        [HEADERS.webhookId]: id,
        [HEADERS.webhookTimestamp]: String(timestampS),
        [HEADERS.webhookSignature]: signature,
      };
      return fetch(receiver.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "TruLinks-User": "ada", ...(unsigned ? {} : signed) },
        body,
      });
    }
  });
}

const LOOKS_MAX = 600;

/** Sooner or later. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail(`not within ${LOOKS_MAX} looks: ${holds}`);
}
