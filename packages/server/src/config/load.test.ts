import assert from "node:assert/strict";
import { test } from "node:test";
import { good } from "./load-given.contract.ts";

const KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

test("nothing given is good: every option has its default", () => {
  const { options, sources, file } = good({});
  assert.deepEqual(options, {
    public: { listen: { host: "127.0.0.1", port: 8080 }, prefix: "/integrations", aliases: true },
    provider: { listen: { host: "127.0.0.1", port: 8081 } },
    data: "/home/.trulinks",
    database: { url: null },
    upstream: { url: null, timeout_ms: 30_000, openapi: null, operations: [], json_bytes_max: 1_048_576 },
    operator_key: null,
    secret_key: null,
    identity_key: null,
    tls: { cert: null, key: null },
    trusted_proxies: [],
    insecure: false,
    hooks: {
      allow_addresses: [],
      dns_servers: [],
      proxy: null,
      source_addresses: [],
      client_cert: null,
      client_key: null,
      sign_ed25519: false,
      in_flight_max: 1_024,
    },
    storage: { free_bytes_min: 268_435_456 },
    policy: null,
    log: { level: "info" },
    telemetry: { otlp_url: null, otlp_headers: null, sample_ratio: 1 },
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
  const { options, file } = good(given, "/home/etc/t.yaml");
  assert.deepEqual(
    [options.data, options.policy, options.tls.cert, file],
    ["/home/etc/here", "/abs/policy.yaml", "/home/c.pem", "/home/etc/t.yaml"],
  );
});

test("the command line names the file before the variable does", () => {
  const given = { yaml: "data: d\n", flags: { config: "a.yaml" }, env: { TRULINKS_CONFIG: "b.yaml" } };
  assert.equal(good(given, "/home/a.yaml").options.data, "/home/d");
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
