import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, flawsOf, good, load } from "./load-given.contract.ts";

const flawed: readonly (readonly [reason: string, given: Case, message: RegExp])[] = [
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
    "a certificate for receivers has no key",
    { flags: { hooksClientCert: "c" } },
    /^--hooks-client-cert: hooks\.client_cert is given without hooks\.client_key/,
  ],
  [
    "a key for receivers has no certificate",
    { yaml: "hooks: {client_key: k}\n" },
    /hooks\.client_key is given without hooks\.client_cert/,
  ],
  [
    "a proxy's password stands in the file",
    { yaml: "hooks: {proxy: 'http://u:s3cret@proxy.example:3128'}\n" },
    /^trulinks\.yaml:1:16: hooks\.proxy has a user and password\. Give it as TRULINKS_HOOKS_PROXY/,
  ],
  [
    "a shared database lacks the key",
    { env: { TRULINKS_DATABASE_URL: "postgres://u:s3cret@db/x" } },
    /^TRULINKS_DATABASE_URL: database\.url needs secret_key/,
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

test("a proxy's password may stand in its variable, and a proxy without one anywhere", () => {
  good({ env: { TRULINKS_HOOKS_PROXY: "http://u:s3cret@proxy.example:3128" } });
  good({ env: { TRULINKS_HOOKS_PROXY: "http://proxy.example:3128" } });
  good({ yaml: "hooks: {proxy: 'http://proxy.example:3128'}\n" });
});

test("both listeners may ask for any free port", () => {
  good({ flags: { public: "127.0.0.1:0", provider: "127.0.0.1:0" } });
});

test("rules between options name the place of the value that counts", () => {
  const loaded = load({ yaml: "public: {listen: '127.0.0.1:1'}\n", env: { TRULINKS_PUBLIC: "0.0.0.0:1" } });
  assert(loaded.kind === "flawed");
  assert.deepEqual(loaded.flaws[0]?.place, { kind: "variable", name: "TRULINKS_PUBLIC" });
});
