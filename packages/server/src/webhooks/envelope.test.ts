import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import {
  type DeliveryId,
  type EventId,
  formatSecret,
  type HookId,
  openSigner,
  parsePublicKey,
  SIGNING_SEED_BYTES,
  type UserId,
  verify,
  verifyAsymmetric,
} from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import { composeBody, composeMessage } from "./envelope.ts";
import { type Hook, SOUND } from "./hook.ts";
import type { View } from "./view.ts";

const AT_MS = Date.UTC(2026, 10, 23, 8, 0, 0);
const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
const secrets = keys.map(formatSecret);

const hook: Hook = {
  id: "hok_1" as HookId,
  owner: { kind: "user", userId: "alice" as UserId },
  url: "https://example.com/hooks",
  events: ["*"],
  secretPer: "hook",
  signature: "standard",
  verifyTls: true,
  ca: null,
  ackDeadlineMs: 10_000,
  retries: "default",
  inFlightMax: 8,
  serial: false,
  filter: [],
  include: null,
  state: "active",
  health: SOUND,
  createdAtMs: AT_MS,
};
const claim: Claim = {
  deliveryId: "dlv_1" as DeliveryId,
  lease: 1,
  leaseUntilMs: AT_MS + 15_000,
  attempt: 1,
  triedBefore: 0,
  event: {
    id: "evt_1" as EventId,
    type: "issue.opened",
    action: "opened",
    data: '{"n":1.50,"é":"\\u0000"}',
    atMs: AT_MS,
    trace: null,
    sensitive: [],
  },
  hook,
  secrets: [],
  user: { id: "alice" as UserId, versions: [] },
  sequence: 7,
  view: null,
  expiresAtMs: null,
};
const ping: Claim = {
  ...claim,
  event: {
    id: "evt_2" as EventId,
    type: "ping",
    action: "ping",
    data: "{}",
    atMs: AT_MS,
    trace: null,
    sensitive: [],
  },
  user: null,
  sequence: null,
};
const github = (of: Claim): Claim => ({ ...of, hook: { ...hook, signature: "github" } });
const textOf = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString();

test("the body is the event in its envelope, members in the order of the wire", async () => {
  assert.equal(
    textOf(await composeMessage(claim, secrets, AT_MS)),
    '{"id":"evt_1","type":"issue.opened","action":"opened","timestamp":"2026-11-23T08:00:00.000Z",' +
      '"hook":"hok_1","sequence":7,"user":"alice","data":{"n":1.50,"é":"\\u0000"}}',
  );
});

test("a ping concerns no user and has no number", async () => {
  const message = await composeMessage(ping, secrets, AT_MS);
  assert.equal(
    textOf(message),
    '{"id":"evt_2","type":"ping","action":"ping","timestamp":"2026-11-23T08:00:00.000Z","hook":"hok_1","data":{}}',
  );
  const names = message.headers.map(([name]) => name);
  assert.ok(!names.includes("TruLinks-User") && !names.includes("TruLinks-Sequence"));
});

test("the headers say what it is, and sign it with each live secret", async () => {
  const { headers, body } = await composeMessage(claim, secrets, AT_MS + 1_999);
  const named = Object.fromEntries(headers);
  const { "webhook-signature": signature, "User-Agent": _, ...plain } = named;
  assert.deepEqual(plain, {
    "Content-Type": "application/json",
    "webhook-id": "dlv_1",
    "webhook-timestamp": String(AT_MS / 1_000 + 1),
    "TruLinks-Event": "issue.opened",
    "TruLinks-Delivery": "dlv_1",
    "TruLinks-Hook": "hok_1",
    "TruLinks-User": "alice",
    "TruLinks-Attempt": "1",
    "TruLinks-Sequence": "7",
  });
  assert.equal(signature?.split(" ").length, 2);
  const received = { id: "dlv_1", timestamp: named["webhook-timestamp"], signature, body };
  for (const key of keys) assert.deepEqual(await verify([key], received, AT_MS), { kind: "valid" });
});

test("the platform's own signature comes after those by secrets, in the standard form alone", async () => {
  const signer = await openSigner(new Uint8Array(SIGNING_SEED_BYTES));
  const { headers, body } = await composeMessage(claim, secrets, AT_MS, signer);
  const named = Object.fromEntries(headers);
  const signature = named["webhook-signature"];
  assert.deepEqual(
    signature?.split(" ").map((one) => one.split(",")[0]),
    ["v1", "v1", "v1a"],
  );
  const received = { id: "dlv_1", timestamp: named["webhook-timestamp"], signature, body };
  const publicKey = parsePublicKey(signer.publicKey) ?? assert.fail();
  assert.deepEqual(await verifyAsymmetric([publicKey], received, AT_MS), { kind: "valid" });
  for (const key of keys) assert.deepEqual(await verify([key], received, AT_MS), { kind: "valid" });
  const forGithub = await composeMessage(github(claim), ["s"], AT_MS, signer);
  assert.ok(!JSON.stringify(forGithub.headers).includes("v1a"));
});

test("every attempt sends the same bytes; only attempt, time and signature differ", async () => {
  const first = await composeMessage(claim, secrets, AT_MS);
  const second = await composeMessage({ ...claim, attempt: 2, lease: 5 }, secrets, AT_MS + 300_000);
  assert.deepEqual(second.body, first.body);
  const changed = first.headers.filter(([name, value], index) => {
    assert.equal(second.headers[index]?.[0], name);
    return second.headers[index]?.[1] !== value;
  });
  assert.deepEqual(
    changed.map(([name]) => name),
    ["TruLinks-Attempt", "webhook-timestamp", "webhook-signature"],
  );
});

test("a GitHub receiver gets GitHub's body, event and signature", async () => {
  const cases: readonly (readonly [string, Claim, { readonly event: string; readonly body: string }])[] = [
    [
      "the action is put in first",
      github(claim),
      { event: "issue", body: '{"action":"opened","n":1.5,"é":"\\u0000"}' },
    ],
    [
      "it takes the place of the data's own",
      github({ ...claim, event: { ...claim.event, data: '{"n":1,"action":"other"}' } }),
      { event: "issue", body: '{"action":"opened","n":1}' },
    ],
    [
      "only the last segment is the action",
      github({ ...claim, event: { ...claim.event, type: "pull.review.done", action: "done", data: "{}" } }),
      { event: "pull.review", body: '{"action":"done"}' },
    ],
    ["an event of one word has no action, as at GitHub", github(ping), { event: "ping", body: "{}" }],
  ];
  for (const [why, sent, expected] of cases) {
    const message = await composeMessage(sent, ["newest", "old"], AT_MS);
    const named = Object.fromEntries(message.headers);
    assert.equal(textOf(message), expected.body, why);
    assert.equal(named["X-GitHub-Event"], expected.event, why);
    assert.equal(named["X-GitHub-Delivery"], "dlv_1", why);
    const hmac = createHmac("sha256", "newest").update(expected.body).digest("hex");
    assert.equal(named["X-Hub-Signature-256"], `sha256=${hmac}`, why);
    assert.equal(named["TruLinks-Event"], sent.event.type, why);
    assert.equal(named["webhook-signature"], undefined, why);
  }
});

const person = '{"user":{"email":"ada@example.com","name":"Ada"},"n":1}';
const MASKING: View = { include: null, omit: [], mask: ["/user/email"] };
const unsecured: Claim = {
  ...claim,
  event: { ...claim.event, data: person, sensitive: ["/user/email"] },
  hook: { ...hook, verifyTls: false },
};
const secured: Claim = { ...unsecured, hook };
const MASKED = '"user":"alice","masked":["/user/email"],"data":{"user":{"email":null,"name":"Ada"},"n":1}}';
const UNMASKED = `"user":"alice","data":${person}}`;

const VIEWS: readonly (readonly [promise: string, sent: Claim, body: string])[] = [
  ["what was masked when it was stored is masked", { ...unsecured, view: MASKING }, MASKED],
  ["and stays so when the hook is secured by now", { ...secured, view: MASKING }, MASKED],
  ["a hook that is not secured when it is sent to sees nothing sensitive", unsecured, MASKED],
  ["a secured one sees it", secured, UNMASKED],
  [
    "only the chosen fields are sent, and what is masked in others is not named",
    { ...unsecured, view: { include: ["/user/name"], omit: [], mask: [] } },
    '"user":"alice","data":{"user":{"name":"Ada"}}}',
  ],
  [
    "what a grant may not see is not there",
    { ...secured, view: { include: null, omit: ["/user/email"], mask: [] } },
    '"user":"alice","data":{"user":{"name":"Ada"},"n":1}}',
  ],
];
for (const [promise, sent, body] of VIEWS) {
  test(`the body under a view: ${promise}`, async () => {
    const text = textOf(await composeMessage(sent, secrets, AT_MS));
    assert.equal(text.slice(text.indexOf('"user":"alice"')), body);
  });
}

test("GitHub's form is masked as well, and has no place to say so", async () => {
  const body = '{"action":"opened","user":{"email":null,"name":"Ada"},"n":1}';
  assert.equal(
    textOf(await composeMessage(github(unsecured), ["s"], AT_MS)),
    body.replace("null", '"ada@example.com"'),
  );
  const sent = { ...unsecured, hook: { ...unsecured.hook, signature: "github" as const } };
  assert.equal(textOf(await composeMessage(sent, ["s"], AT_MS)), body);
  const nothing = { ...sent, view: { ...MASKING, mask: [""] } };
  assert.equal(textOf(await composeMessage(nothing, ["s"], AT_MS)), '{"action":"opened"}');
});

test("the body alone is the body that was sent", async () => {
  for (const sent of [claim, github(claim), ping, unsecured, github(unsecured)]) {
    const { event, hook: its, user, sequence } = sent;
    const { body, view } = await composeMessage(sent, secrets, AT_MS);
    assert.deepEqual(composeBody({ event, hook: its, userId: user?.id ?? null, sequence, view }), body);
  }
});

test("nothing leaves unsigned", async () => {
  await assert.rejects(composeMessage(github(claim), [], AT_MS), /no live secret/);
  await assert.rejects(composeMessage(claim, [], AT_MS), /no live secret/);
  await assert.rejects(composeMessage(claim, ["whsec_c2hvcnQ="], AT_MS), (error: Error) => {
    assert.match(error.message, /not of the standard form/);
    assert.ok(!error.message.includes("c2hvcnQ"));
    return true;
  });
});

for (const [why, trace, headers] of [
  ["the trace of its publishing", "00-a-b-01", { traceparent: "00-a-b-01" }],
  ["that with its state", "00-a-b-01 c=1 2", { traceparent: "00-a-b-01", tracestate: "c=1 2" }],
  ["no trace where there was none", null, {}],
] as const) {
  test(`a delivery of either form carries ${why}`, async () => {
    for (const [signature, secret] of [
      ["standard", secrets[0]],
      ["github", "a secret"],
    ] as const) {
      const traced = { ...claim, event: { ...claim.event, trace }, hook: { ...hook, signature } };
      const message = await composeMessage(traced, [secret ?? ""], AT_MS);
      const carried = message.headers.filter(([name]) => name.startsWith("trace"));
      assert.deepEqual(Object.fromEntries(carried), headers, signature);
    }
  });
}
