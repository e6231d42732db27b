import assert from "node:assert/strict";
import { test } from "node:test";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import { Check } from "typebox/value";
import { formatFlaw } from "./flaw.ts";
import { loadPolicy, parsePolicy } from "./policy.ts";
import { POLICY_SCHEMA } from "./policy-schema.ts";
import type { ReadText } from "./text-reader.ts";

test("the default policy is one that the schema allows", () => {
  assert(Check(POLICY_SCHEMA, POLICY_DEFAULT));
});

for (const text of ["", "# nothing\n", "webhooks:\n", "{}\n"]) {
  test(`a file that says nothing is the default policy: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parsePolicy(text, "policy.yaml"), { kind: "ok", policy: POLICY_DEFAULT });
  });
}

test("a file says what differs: sections are merged, lists replaced, resources added", () => {
  const text = `
webhooks: { retries_s: [1, 2] }
rate_limit:
  user: { limit: 7 }
  resources: { reports: { limit: 1, window_s: 60 } }
`;
  const parsed = parsePolicy(text, "policy.yaml");
  assert(parsed.kind === "ok", "the policy is good");
  assert.deepEqual(parsed.policy, {
    ...POLICY_DEFAULT,
    webhooks: { ...POLICY_DEFAULT.webhooks, retries_s: [1, 2] },
    rate_limit: {
      ...POLICY_DEFAULT.rate_limit,
      user: { limit: 7, window_s: 3_600 },
      resources: { search: { limit: 30, window_s: 60 }, reports: { limit: 1, window_s: 60 } },
    },
  });
});

const flawed: readonly (readonly [reason: string, text: string, message: RegExp])[] = [
  [
    "a member is misspelt",
    "webhooks:\n  retrys_s: [1]\n",
    /^policy\.yaml:2:3: There is no webhooks\.retrys_s in a policy\. Did you mean retries_s\?$/,
  ],
  [
    "a section is unknown",
    "zzzzzzzz: 1\n",
    /^policy\.yaml:1:1: There is no zzzzzzzz .* Known here: rate_limit, /,
  ],
  [
    "a number is above its bound",
    "webhooks:\n  ack_deadline_ms: 30001\n",
    /^policy\.yaml:2:20: webhooks\.ack_deadline_ms is 30001\. Expected a whole number from 1000 to 30000\.$/,
  ],
  [
    "a number is a text",
    "points: {read: '1'}\n",
    /^policy\.yaml:1:16: points\.read is "1"\. Expected a whole/,
  ],
  ["a number is a fraction", "points: {read: 1.5}\n", /points\.read is 1\.5\. Expected a whole number/],
  [
    "an item of a list is wrong",
    "webhooks:\n  retries_s:\n    - 5\n    - 0\n",
    /^policy\.yaml:4:7: webhooks\.retries_s\.1 is 0\. Expected a whole number from 1 to 604800\.$/,
  ],
  [
    "a list is a number",
    "webhooks: {retries_s: 5}\n",
    /retries_s is 5\. Expected a list of at most 50 items/,
  ],
  [
    "a section is a number",
    "points: 5\n",
    /^policy\.yaml:1:9: points is 5\. Expected a section with per_min/,
  ],
  [
    "a new resource lacks its window",
    "rate_limit:\n  resources:\n    reports: {limit: 5}\n",
    /^policy\.yaml:3:14: rate_limit\.resources\.reports is \{"limit":5\}\. Expected a section with limit, window_s\.$/,
  ],
  [
    "a resource has a name that no header could carry",
    "rate_limit: {resources: {Big One: {limit: 1, window_s: 1}}}\n",
    /names of a-z/,
  ],
  ["the file is a list", "- 1\n", /^policy\.yaml:1:1: The policy is \[1\]\. Expected a section/],
  [
    "a member stands twice",
    "points: {read: 1, read: 2}\n",
    /^policy\.yaml:1:19: points\.read stands here a second/,
  ],
  [
    "a cost could never be granted",
    "points: {write: 901}\n",
    /^policy\.yaml:1:17: points\.write is 901, more than points\.per_min \(900\)/,
  ],
  [
    "a hook would be paused before its owner is told",
    "webhooks: {failing_after_s: 60, paused_after_s: 59}\n",
    /^policy\.yaml:1:49: webhooks\.paused_after_s is 59, less than webhooks\.failing_after_s \(60\)/,
  ],
  ["a hook is failing at once", "webhooks: {failing_after_s: 0}\n", /from 1 to 2592000/],
  ["a hook is paused in a year", "webhooks: {paused_after_s: 31536000}\n", /from 1 to 7776000/],
  [
    "a tolerance is a whole gap, which would be one more in the burst",
    "write_pacing: {tolerance_ms: 1000}\n",
    /^policy\.yaml:1:30: write_pacing\.tolerance_ms is 1000\. Expected less than write_pacing\.gap_ms \(1000\)\.$/,
  ],
];

for (const [reason, text, message] of flawed) {
  test(`a policy is refused with place, value and remedy when ${reason}`, () => {
    const parsed = parsePolicy(text, "policy.yaml");
    assert(parsed.kind === "flawed");
    const flaws = parsed.flaws.map(formatFlaw);
    assert.equal(flaws.length, 1, flaws.join("\n"));
    assert.match(flaws[0] ?? "", message);
  });
}

const bounds: readonly (readonly [member: string, least: number, most: number])[] = [
  ["ack_deadline_ms", 1_000, 30_000],
  ["retention_days", 1, 365],
  ["waiting_days_max", 1, 365],
  ["waiting_bytes_max", 1_048_576, 1_099_511_627_776],
  ["pending_per_host_max", 1, 100_000],
  ["release_per_s", 1, 10_000],
  ["recovery_per_s", 1, 100_000],
];

for (const [member, least, most] of bounds) {
  test(`webhooks.${member} is from ${least} to ${most}`, () => {
    const parse = (value: number) => parsePolicy(`webhooks: { ${member}: ${value} }\n`, "policy.yaml");
    for (const value of [least, most]) assert.equal(parse(value).kind, "ok", String(value));
    for (const value of [least - 1, most + 1]) {
      const parsed = parse(value);
      assert(parsed.kind === "flawed", String(value));
      assert.match(parsed.flaws.map(formatFlaw).join(), new RegExp(`from ${least} to ${most}\\.$`));
    }
  });
}

test("webhooks.challenge is true or false, and nothing that looks like it", () => {
  const parsed = parsePolicy("webhooks: { challenge: true }\n", "policy.yaml");
  assert(parsed.kind === "ok" && parsed.policy.webhooks.challenge);
  const flawed = parsePolicy("webhooks: { challenge: 'true' }\n", "policy.yaml");
  assert(flawed.kind === "flawed");
  assert.match(flawed.flaws.map(formatFlaw).join(), /challenge is "true"\. Expected true or false\.$/);
});

test("webhooks.payload_retention_days is null or from 0 up to retention_days", () => {
  const parse = (value: unknown) =>
    parsePolicy(`webhooks: { payload_retention_days: ${value}, retention_days: 30 }\n`, "policy.yaml");
  for (const value of [0, 30, null]) assert.equal(parse(value).kind, "ok", String(value));
  for (const [value, expected] of [
    [-1, /from 0 to 365, or null\.$/],
    ["x", /from 0 to 365, or null\.$/],
    [31, /is 31, but the records they belong to are kept for 30 \(webhooks\.retention_days\)/],
  ] as const) {
    const parsed = parse(value);
    assert(parsed.kind === "flawed", String(value));
    assert.match(parsed.flaws.map(formatFlaw).join(), expected);
  }
});

test("everything that is wrong is told at once, from top to bottom", () => {
  const parsed = parsePolicy("validation: {status: 1}\npoints: {x: 1}\nwebhooks: 2\n", "policy.yaml");
  assert(parsed.kind === "flawed");
  assert.deepEqual(
    parsed.flaws.map(({ path }) => path),
    ["validation.status", "points.x", "webhooks"],
  );
});

const place = { kind: "variable", name: "TRULINKS_POLICY" } as const;

test("no file is the default policy", () => {
  const readText: ReadText = () => assert.fail("nothing is to be read");
  assert.deepEqual(loadPolicy(null, place, readText), { kind: "ok", policy: POLICY_DEFAULT });
});

test("a file that is not there is told at the place that names it", () => {
  const loaded = loadPolicy("/etc/policy.yaml", place, () => ({ kind: "absent" }));
  assert(loaded.kind === "flawed");
  assert.deepEqual(loaded.flaws.map(formatFlaw), [
    'TRULINKS_POLICY: The policy file "/etc/policy.yaml" is not there.',
  ]);
});
