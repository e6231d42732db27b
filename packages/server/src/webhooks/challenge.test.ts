import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { formatSecret } from "@trulinks/protocol";
import { type ChallengeFacts, challengeKeys, challengeOf, proven } from "./challenge.ts";
import type { Claim } from "./claim.ts";
import type { Outcome } from "./outcome.ts";

const CHALLENGE = "kU3vqHnJd1c";
const KEY = Buffer.alloc(32, 7);
const OLD_KEY = Buffer.alloc(32, 8);
const accepted: Outcome = { kind: "accepted", status: 200 };
const unproven: Outcome = { kind: "unproven", status: 200 };

const answerBy = (key: Uint8Array, text = CHALLENGE) =>
  createHmac("sha256", key).update(text).digest("base64");
const told = (challenge: unknown) => JSON.stringify({ challenge });

test("a 2xx counts only with the answer that needs the hook's secret", async () => {
  const cases: readonly (readonly [string, Partial<ChallengeFacts>, Outcome])[] = [
    ["the right answer", {}, accepted],
    ["the right answer among other members", { answer: `{"a":1,"challenge":"${answerBy(KEY)}"}` }, accepted],
    ["by the secret that a rotation leaves behind", { answer: told(answerBy(OLD_KEY)) }, accepted],
    ["by a secret that is none of the hook's", { answer: told(answerBy(Buffer.alloc(32))) }, unproven],
    ["the challenge itself", { answer: told(CHALLENGE) }, unproven],
    ["the answer to another challenge", { answer: told(answerBy(KEY, "another")) }, unproven],
    ["the answer without its padding", { answer: told(answerBy(KEY).replace("=", "")) }, unproven],
    ["the answer as a bare text", { answer: JSON.stringify(answerBy(KEY)) }, unproven],
    ["a number", { answer: told(7) }, unproven],
    ["null", { answer: "null" }, unproven],
    ["what is no JSON", { answer: "ok" }, unproven],
    ["nothing", { answer: "" }, unproven],
    ["no body at all", { answer: null }, unproven],
    ["a ping that carried no challenge", { challenge: null }, unproven],
    ["no secret that lives", { keys: [] }, unproven],
  ];
  for (const [why, facts, expected] of cases) {
    const given = { challenge: CHALLENGE, keys: [KEY, OLD_KEY], answer: told(answerBy(KEY)), ...facts };
    assert.deepEqual(await proven(accepted, given), expected, why);
  }
});

test("the right answer makes nothing else of another outcome", async () => {
  const facts = { challenge: CHALLENGE, keys: [KEY], answer: told(answerBy(KEY)) };
  const outcomes: readonly Outcome[] = [
    { kind: "rejected", status: 422 },
    { kind: "refused", status: 500, retryAfterMs: null },
    { kind: "deadline" },
  ];
  for (const outcome of outcomes) assert.deepEqual(await proven(outcome, facts), outcome, outcome.kind);
});

test("proof is asked of pings only, and never lifts pending without a challenge while the policy wants one", () => {
  const data = JSON.stringify({ challenge: CHALLENGE });
  type Case = readonly [
    string,
    { sequence: number | null; state: string; data: string; isPolicy: boolean },
    unknown,
  ];
  const cases: readonly Case[] = [
    ["a challenge", { sequence: null, state: "pending", data, isPolicy: true }, { challenge: CHALLENGE }],
    [
      "one that the policy no longer asks for",
      { sequence: null, state: "pending", data, isPolicy: false },
      { challenge: CHALLENGE },
    ],
    [
      "a ping from before the policy, or for the hook's receiver of before",
      { sequence: null, state: "pending", data: "{}", isPolicy: true },
      { challenge: null },
    ],
    [
      "a ping of a hook that is active",
      { sequence: null, state: "active", data: "{}", isPolicy: true },
      null,
    ],
    ["a ping where nobody asks", { sequence: null, state: "pending", data: "{}", isPolicy: false }, null],
    [
      "an event whose data look like a challenge",
      { sequence: 1, state: "active", data, isPolicy: true },
      null,
    ],
  ];
  for (const [why, { sequence, state, data, isPolicy }, expected] of cases) {
    const claim = { sequence, hook: { state }, event: { data } } as unknown as Claim;
    assert.deepEqual(challengeOf(claim, isPolicy), expected, why);
  }
});

test("the key is what the secret stands for: its bytes, or GitHub's text itself", () => {
  const secret = formatSecret(KEY);
  assert.deepEqual(challengeKeys("standard", [secret]), [new Uint8Array(KEY)]);
  assert.deepEqual(challengeKeys("github", [secret]), [new Uint8Array(Buffer.from(secret))]);
});
