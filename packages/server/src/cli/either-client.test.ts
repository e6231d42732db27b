import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Command } from "commander";
import { addEitherFlags, askingEither } from "./either-client.ts";
import { type Ended, runRecorded } from "./recorded-io.contract.ts";

// Whatever is asked is answered with what was asked.
const makeServer = () =>
  createServer(({ url, headers }, response) => {
    const { authorization } = headers;
    response.end(JSON.stringify({ path: url, authorization }));
  });
const servers = { TRULINKS_PUBLIC: makeServer(), TRULINKS_PROVIDER: makeServer() };
const cwd = mkdtempSync(join(tmpdir(), "trulinks-cli-"));
const hosts = { TRULINKS_PUBLIC: "", TRULINKS_PROVIDER: "" };
before(async () => {
  for (const listener of ["TRULINKS_PUBLIC", "TRULINKS_PROVIDER"] as const) {
    const server = servers[listener];
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    hosts[listener] = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  for (const [name, text] of Object.entries({ "a.token": "tlu_file", "a.secret": "tlc_file" }))
    writeFileSync(join(cwd, name), `${text}\n`, { mode: 0o600 });
  writeFileSync(join(cwd, "operator.key"), "f".repeat(30), { mode: 0o600 });
});
after(() => {
  for (const server of Object.values(servers)) server.close();
  rmSync(cwd, { recursive: true });
});

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return runRecorded(
    (io) => {
      const command = addEitherFlags(new Command("look"));
      return command.action(() =>
        askingEither(command, io, async ({ side, ask }) => {
          const { body } = await ask({ method: "GET", path: "/deliveries" });
          io.stdout(JSON.stringify({ side, ...(body as object) }));
        }),
      );
    },
    args,
    { env, cwd },
  );
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
const OPERATOR = { TRULINKS_OPERATOR_KEY: "o".repeat(30) };
const APP = { TRULINKS_CLIENT_ID: "client_1", TRULINKS_CLIENT_SECRET: "tlc_1" };

const asProvider = (key: string) => ({
  side: "provider",
  path: "/v1/deliveries",
  authorization: `Bearer ${key.repeat(30)}`,
});
const asIntegrator = (authorization: string, path = "/integrations/deliveries") => ({
  side: "integrator",
  path,
  authorization,
});

const CASES: readonly (readonly [
  promise: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  asked: object,
])[] = [
  ["an operator key asks as the provider", [], OPERATOR, asProvider("o")],
  ["a token asks as an integrator", [], { TRULINKS_TOKEN: "tlu_1" }, asIntegrator("Bearer tlu_1")],
  ["an app's id and secret ask as an integrator", [], APP, asIntegrator(basic("client_1:tlc_1"))],
  [
    "a token goes before the app, as it names less",
    [],
    { ...APP, TRULINKS_TOKEN: "tlu_1" },
    asIntegrator("Bearer tlu_1"),
  ],
  [
    "an integrator's credentials go before a key that lies there",
    [],
    { ...OPERATOR, TRULINKS_TOKEN: "tlu_1" },
    asIntegrator("Bearer tlu_1"),
  ],
  [
    "what the command line says goes before the environment: the key",
    ["--operator-key-file", "operator.key"],
    { ...APP, TRULINKS_TOKEN: "tlu_1" },
    asProvider("f"),
  ],
  ["the token", ["--token-file", "a.token"], { TRULINKS_TOKEN: "tlu_1" }, asIntegrator("Bearer tlu_file")],
  [
    "the app",
    ["--client-id", "client_2", "--client-secret-file", "a.secret"],
    { ...APP, TRULINKS_TOKEN: "tlu_1" },
    asIntegrator(basic("client_2:tlc_file")),
  ],
  [
    "another prefix of the public listener is known from the options",
    [],
    { TRULINKS_TOKEN: "tlu_1", TRULINKS_PUBLIC_PREFIX: "/platform" },
    asIntegrator("Bearer tlu_1", "/platform/deliveries"),
  ],
];
for (const [promise, args, env, asked] of CASES) {
  test(promise, async () => {
    const ended = await run(args, { ...hosts, ...env });
    assert.equal(ended.stderr, "");
    assert.deepEqual(JSON.parse(ended.stdout), asked);
  });
}

test("the public listener may be anywhere, and a path in its URL is the prefix", async () => {
  const env = { TRULINKS_TOKEN: "tlu_1", TRULINKS_URL: `http://${hosts.TRULINKS_PUBLIC}` };
  const plain = JSON.parse((await run([], env)).stdout);
  const other = JSON.parse((await run(["--url", `http://${hosts.TRULINKS_PUBLIC}/hub/`], env)).stdout);
  assert.deepEqual([plain.path, other.path], ["/integrations/deliveries", "/hub/deliveries"]);
});

const MISUSED: readonly (readonly [
  promise: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  message: RegExp,
])[] = [
  [
    "an app without its secret",
    ["--client-id", "client_1"],
    {},
    /^There is a client id and no client secret\./,
  ],
  ["no such token file", ["--token-file", "none"], {}, /^There is no file .*none\.$/m],
  [
    "a URL that is none",
    ["--url", "localhost"],
    APP,
    /^--url is "localhost"\. Expected a URL such as https:/,
  ],
];
for (const [promise, args, env, message] of MISUSED) {
  test(`is refused in one sentence: ${promise}`, async () => {
    const { stderr, exitCode } = await run(args, env);
    assert.match(stderr, message);
    assert.equal(exitCode, 1);
  });
}
