import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFlaw } from "./flaw.ts";
import { type Loaded, loadOptions } from "./load.ts";
import type { ReadText } from "./text-reader.ts";

const KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

interface Case {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, unknown>>;
}

function load({ yaml, env = {}, flags = {} }: Case, path = "/work/trulinks.yaml"): Loaded {
  const readText: ReadText = (asked) =>
    yaml !== undefined && asked === path ? { kind: "text", text: yaml } : { kind: "absent" };
  return loadOptions({ flags, env, cwd: "/work", readText });
}

function good(given: Case, path?: string): Extract<Loaded, { kind: "ok" }> {
  const loaded = load(given, path);
  assert(loaded.kind === "ok", loaded.kind === "flawed" ? loaded.flaws.map(formatFlaw).join("\n") : "");
  return loaded;
}

function flawsOf(given: Case, path?: string): readonly string[] {
  const loaded = load(given, path);
  assert(loaded.kind === "flawed", "flaws were expected");
  return loaded.flaws.map(formatFlaw);
}

test("nothing given is good: every option has its default", () => {
  const { options, sources, file } = good({});
  assert.deepEqual(options, {
    public: { listen: { host: "127.0.0.1", port: 8080 }, prefix: "/integrations", aliases: true },
    provider: { listen: { host: "127.0.0.1", port: 8081 } },
    data: "/work/.trulinks",
    database: { url: null },
    upstream: { url: null, timeout_ms: 30_000 },
    operator_key: null,
    secret_key: null,
    identity_key: null,
    tls: { cert: null, key: null },
    trusted_proxies: [],
    insecure: false,
    hooks: { allow_addresses: [], in_flight_max: 256 },
    policy: null,
    log: { level: "info" },
  });
  assert(Object.values(sources).every(({ kind }) => kind === "default"));
  assert.equal(file, null);
});

test("the command line wins over variables, and variables over the file", () => {
  const yaml = "upstream:\n  timeout_ms: 1000\ndata: /file\nlog: {level: warn}\n";
  const env = { TRULINKS_DATA: "/variable", TRULINKS_LOG_LEVEL: "error" };
  const { options, sources } = good({ yaml, env, flags: { logLevel: "debug", insecure: true } });
  assert.deepEqual(
    [options.upstream.timeout_ms, options.data, options.log.level, options.insecure],
    [1_000, "/variable", "debug", true],
  );
  assert.deepEqual(sources["upstream.timeout_ms"], {
    kind: "file",
    file: "trulinks.yaml",
    line: 2,
    column: 15,
  });
  assert.deepEqual(sources.data, { kind: "variable", name: "TRULINKS_DATA" });
  assert.deepEqual(sources["log.level"], { kind: "flag", flag: "--log-level" });
});

test("every kind of value can stand in a variable", () => {
  const { options } = good({
    env: {
      TRULINKS_PUBLIC: "[::1]:9000",
      TRULINKS_PUBLIC_ALIASES: "false",
      TRULINKS_UPSTREAM: "http://localhost:3000/v1",
      TRULINKS_UPSTREAM_TIMEOUT_MS: "500",
      TRULINKS_ALLOW_ADDRESSES: "127.0.0.0/8,::1/128",
      TRULINKS_SECRET_KEY: KEY,
    },
  });
  assert.deepEqual(options.public.listen, { host: "::1", port: 9000 });
  assert.equal(options.public.aliases, false);
  assert.equal(options.upstream.url?.href, "http://localhost:3000/v1");
  assert.equal(options.upstream.timeout_ms, 500);
  assert.deepEqual(options.hooks.allow_addresses, ["127.0.0.0/8", "::1/128"]);
  assert.equal(options.secret_key?.reveal(), KEY);
});

test("a file may leave a section empty and say null where an option need not be set", () => {
  const { options } = good({ yaml: "public:\nupstream: {url: null}\n" });
  assert.equal(options.upstream.url, null);
});

test("relative paths begin at the folder of the file that has them, else at the working directory", () => {
  const yaml = "data: here\npolicy: /abs/policy.yaml\n";
  const given = {
    yaml,
    flags: { config: "etc/t.yaml" },
    env: { TRULINKS_TLS_CERT: "c.pem", TRULINKS_TLS_KEY: "k.pem" },
  };
  const { options, file } = good(given, "/work/etc/t.yaml");
  assert.deepEqual(
    [options.data, options.policy, options.tls.cert, file],
    ["/work/etc/here", "/abs/policy.yaml", "/work/c.pem", "/work/etc/t.yaml"],
  );
});

test("the command line names the file before the variable does", () => {
  const given = { yaml: "data: d\n", flags: { config: "a.yaml" }, env: { TRULINKS_CONFIG: "b.yaml" } };
  assert.equal(good(given, "/work/a.yaml").options.data, "/work/d");
});

test("variables that tests and Kubernetes make are passed over", () => {
  good({
    env: {
      TRULINKS_TEST_POSTGRES: "x",
      TRULINKS_SERVICE_HOST: "10.0.0.1",
      TRULINKS_SERVICE_PORT: "80",
      TRULINKS_SERVICE_PORT_HTTP: "80",
      TRULINKS_PORT: "tcp://10.0.0.1:80",
      TRULINKS_PORT_80_TCP: "tcp://10.0.0.1:80",
      TRULINKS_PORT_80_TCP_ADDR: "10.0.0.1",
      OTHER: "x",
    },
  });
});

const secretly = "s3cret-s3cret";
const flawed: readonly (readonly [reason: string, given: Case, message: RegExp])[] = [
  [
    "an option is misspelt in the file",
    { yaml: "public:\n  lisen: 127.0.0.1:1\n" },
    /^trulinks\.yaml:2:3: There is no option public\.lisen\. Did you mean public\.listen\?$/,
  ],
  [
    "a section is misspelt",
    { yaml: "pubic:\n  listen: x\n" },
    /^trulinks\.yaml:1:1: .*Did you mean public\?$/,
  ],
  [
    "an option is written with a dot",
    { yaml: "public.listen: 127.0.0.1:1\n" },
    /^trulinks\.yaml:1:1: public\.listen is written as a section: `public:`/,
  ],
  [
    "a section has a value",
    { yaml: "public: 127.0.0.1:1\n" },
    /^trulinks\.yaml:1:9: public is a section: .*listen, prefix, aliases/,
  ],
  [
    "an option has members",
    { yaml: "data:\n  x: 1\n" },
    /^trulinks\.yaml:2:3: data is \{"x":1\}\. Expected the path/,
  ],
  ["the file is a list", { yaml: "- data\n" }, /^trulinks\.yaml:1:1: Options are expected/],
  [
    "an option stands twice",
    { yaml: "data: a\ndata: b\n" },
    /^trulinks\.yaml:2:1: data stands here a second time/,
  ],
  [
    "a value does not fit",
    { yaml: "public:\n  listen: 127.0.0.1\n" },
    /^trulinks\.yaml:2:11: public\.listen is "127\.0\.0\.1"\. Expected HOST:PORT, such as/,
  ],
  [
    "YAML takes a text for a number",
    { yaml: "data: 123\n" },
    /^trulinks\.yaml:1:7: data is 123\. Expected .* Put it in quotes\.$/,
  ],
  [
    "a number is a text",
    { yaml: "upstream: {timeout_ms: '500'}\n" },
    /timeout_ms is "500"\. Expected a whole number from 100 to 3600000\.$/,
  ],
  ["an option that must be set is null", { yaml: "data:\n" }, /^trulinks\.yaml:1:6: data is null\. Expected/],
  [
    "an item of a list is wrong",
    { yaml: "trusted_proxies:\n  - 10.0.0.0/8\n  - 10.0.0.0/99\n" },
    /^trulinks\.yaml:3:5: trusted_proxies has "10\.0\.0\.0\/99"\. Expected/,
  ],
  [
    "a variable is misspelt",
    { env: { TRULINKS_PUBLC: "x" } },
    /^TRULINKS_PUBLC: There is no such variable\. Did you mean TRULINKS_PUBLIC\?$/,
  ],
  [
    "a variable is empty",
    { env: { TRULINKS_SECRET_KEY: "" } },
    /^TRULINKS_SECRET_KEY: It is empty\. Expected 32 bytes/,
  ],
  [
    "a variable does not fit",
    { env: { TRULINKS_UPSTREAM_TIMEOUT_MS: "soon" } },
    /^TRULINKS_UPSTREAM_TIMEOUT_MS: upstream\.timeout_ms is "soon"\. Expected a whole number/,
  ],
  [
    "an item in a variable is wrong",
    { env: { TRULINKS_TRUSTED_PROXIES: "::1,x" } },
    /^TRULINKS_TRUSTED_PROXIES: trusted_proxies has "x"/,
  ],
  [
    "a flag does not fit",
    { flags: { public: "8080" } },
    /^--public: public\.listen is "8080"\. Expected HOST:PORT/,
  ],
  [
    "a secret does not fit",
    { env: { TRULINKS_OPERATOR_KEY: secretly } },
    /^TRULINKS_OPERATOR_KEY: operator_key is ••• \(13 characters\)\. Expected 24/,
  ],
  [
    "a database is of another kind",
    { env: { TRULINKS_DATABASE_URL: `mysql://u:${secretly}@db/x` } },
    /database\.url is •••/,
  ],
  [
    "a URL has credentials",
    { env: { TRULINKS_UPSTREAM: `https://u:${secretly}@api/` } },
    /upstream\.url is "https:\/\/•••@api\/"/,
  ],
  [
    "a private key stands where its path should",
    { env: { TRULINKS_TLS_KEY: `-----BEGIN PRIVATE KEY-----\n${secretly}` } },
    /^TRULINKS_TLS_KEY: tls\.key is •••\. Expected the path/,
  ],
  [
    "a certificate has no key",
    { flags: { tlsCert: "c" } },
    /^--tls-cert: tls\.cert is given without tls\.key/,
  ],
  ["a key has no certificate", { flags: { tlsKey: "k" } }, /^--tls-key: tls\.key is given without tls\.cert/],
  [
    "others could reach the public listener without TLS",
    { flags: { public: ":8080" } },
    /^--public: public\.listen is :8080, which others can reach, and there is no TLS\. .*--insecure\.$/,
  ],
  [
    "others could reach the provider listener without TLS",
    { flags: { provider: "10.0.0.1:1" } },
    /^--provider: provider\.listen is 10\.0\.0\.1:1/,
  ],
  [
    "both listeners have one address",
    { flags: { provider: "127.0.0.1:8080" } },
    /^--provider: .*the same as public\.listen/,
  ],
  [
    "a shared database lacks the key",
    { env: { TRULINKS_DATABASE_URL: `postgres://u:${secretly}@db/x` } },
    /^TRULINKS_DATABASE_URL: database\.url needs secret_key/,
  ],
  [
    "the file that is named is not there",
    { flags: { config: "no.yaml" } },
    /^--config: The configuration file "no\.yaml" is not there\.$/,
  ],
  [
    "the file that a variable names is not there",
    { env: { TRULINKS_CONFIG: "no.yaml" } },
    /^TRULINKS_CONFIG: The configuration/,
  ],
];

for (const [reason, given, message] of flawed) {
  test(`a start is refused with place, value and remedy when ${reason}`, () => {
    const flaws = flawsOf(given);
    assert.equal(flaws.length, 1, flaws.join("\n"));
    assert.match(flaws[0] ?? "", message);
    assert.doesNotMatch(flaws[0] ?? "", /s3cret/);
  });
}

for (const [reason, flags] of [
  ["TLS", { tlsCert: "c", tlsKey: "k" }],
  ["a proxy that ends TLS", { trustedProxies: "10.0.0.1" }],
  ["--insecure", { insecure: true }],
] as const) {
  test(`with ${reason} a listener may be on any address`, () => {
    good({ flags: { public: "0.0.0.0:80", provider: ":81", ...flags } });
  });
}

test("both listeners may ask for any free port", () => {
  good({ flags: { public: "127.0.0.1:0", provider: "127.0.0.1:0" } });
});

test("everything that is wrong is told at once, the file from top to bottom first", () => {
  const yaml = "data: 1\nnonsense: 2\nlog:\n  level: loud\n";
  const flaws = flawsOf({ yaml, env: { TRULINKS_X: "1", TRULINKS_PUBLIC: "y" }, flags: { provider: "z" } });
  assert.deepEqual(
    flaws.map((flaw) => flaw.split(": ")[0]),
    [
      "trulinks.yaml:1:7",
      "trulinks.yaml:2:1",
      "trulinks.yaml:4:10",
      "TRULINKS_X",
      "TRULINKS_PUBLIC",
      "--provider",
    ],
  );
});

test("a value that another overrules is judged all the same", () => {
  const flaws = flawsOf({ yaml: "log: {level: loud}\n", flags: { logLevel: "info" } });
  assert.match(flaws[0] ?? "", /^trulinks\.yaml:1:14: log\.level is "loud"/);
});

test("rules between options name the place of the value that counts", () => {
  const loaded = load({ yaml: "public: {listen: '127.0.0.1:1'}\n", env: { TRULINKS_PUBLIC: "0.0.0.0:1" } });
  assert(loaded.kind === "flawed");
  assert.deepEqual(loaded.flaws[0]?.place, { kind: "variable", name: "TRULINKS_PUBLIC" });
});
