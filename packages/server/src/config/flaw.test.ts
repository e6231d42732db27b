import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, flawsOf } from "./load-given.contract.ts";

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
