/** What one attempt tells, whatever the receiver does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import { createWorld } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import type { Trace } from "../base/trace-context.ts";
import { attemptDelivery } from "./attempt.ts";
import type { AttemptTrace } from "./attempt-trace.ts";
import type { Claim } from "./claim.ts";
import type { AttemptedFact } from "./fact.ts";
import { OUTCOMES, type Outcome } from "./outcome.ts";
import type { PostRequest } from "./post.ts";
import { createPublish } from "./publish.ts";

const TRACE: Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const STATUSES: Readonly<Record<string, number>> = { accepted: 204, rejected: 422, refused: 503 };

interface Attempted {
  readonly facts: readonly AttemptedFact[];
  readonly posted: readonly PostRequest[];
}

/** One attempt at one event of the user ada, which ends as said. */
async function attempt(outcome: Outcome, traceAttempt?: (claim: Claim) => AttemptTrace): Promise<Attempted> {
  const world = createWorld({ clock: systemClock, dice: systemDice });
  const { storage, clock, dice, log, keyring } = world;
  const owner = { kind: "user", userId: await world.makeUser("ada") } as const;
  await world.hooks.create({ owner, url: "https://hooks.example/", events: ["*"] }, "operator");
  const claims: Claim[] = [];
  const intake = {
    room: () => ({ countMax: 1, retriesMax: 1, hookMax: 1, exceptHooks: [] }),
    take: (taken: readonly Claim[]) => void claims.push(...taken),
  };
  const publish = createPublish({ store: storage.webhooks, intake, clock, dice, log });
  const event = { id: null, idempotencyKey: null, type: "issue.opened", groups: [], data: {} };
  await publish([{ ...event, users: ["ada"], trace: TRACE }]);
  const [claim] = claims;
  assert.ok(claim);

  const [facts, posted]: [AttemptedFact[], PostRequest[]] = [[], []];
  const status = STATUSES[outcome.kind];
  await attemptDelivery(
    {
      store: storage.webhooks,
      async post(request) {
        posted.push(request);
        const answer = status === undefined ? null : { status, headers: [], body: "" };
        return { outcome, answer, timings: { firstByteMs: null, totalMs: 12.5 }, detail: null };
      },
      keyring,
      policy: () => POLICY_DEFAULT.webhooks,
      clock,
      dice,
      log,
      onFact: (fact) => facts.push(fact),
      traceAttempt,
    },
    claim,
    () => {},
  );
  await storage.close();
  return { facts, posted };
}

for (const [kind, { guideline }] of Object.entries(OUTCOMES)) {
  test(`an attempt that ends as ${kind} is told once, with ${guideline ?? "no guideline"}`, async () => {
    const status = STATUSES[kind];
    const outcome = { kind, ...(status === undefined ? {} : { status, retryAfterMs: null }) } as Outcome;
    const { facts } = await attempt(outcome);
    const next = { accepted: "delivered", rejected: "rejected" }[kind] ?? "retry";
    assert.deepEqual(
      facts.map((fact) => [fact.outcome, fact.guideline, fact.next, fact.attempt, fact.durationMs]),
      [[kind, guideline, next, 1, 12.5]],
    );
    assert.ok(facts.every(({ sincePublishedMs }) => sincePublishedMs >= 0));
  });
}

test("a missed deadline is what governance knows as ack-deadline", async () => {
  const { facts } = await attempt({ kind: "deadline" });
  assert.deepEqual(
    facts.map(({ userId, owner, guideline }) => [userId, owner, guideline]),
    [["ada", { kind: "user", userId: "ada" }, "ack-deadline"]],
  );
});

test("an attempt that is followed carries its own trace, and says how it ended", async () => {
  const own = "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01";
  const ends: unknown[] = [];
  const { posted } = await attempt({ kind: "reset" }, ({ event }) => {
    assert.equal(event.trace, TRACE);
    return { trace: own, end: (outcome, next) => ends.push([outcome.kind, next]) };
  });
  const traceparents = ({ headers }: PostRequest) => headers.filter(([name]) => name === "traceparent");
  assert.deepEqual(posted.map(traceparents), [[["traceparent", own]]]);
  assert.deepEqual(ends, [["reset", "retry"]]);
  const { posted: unfollowed } = await attempt({ kind: "reset" });
  assert.deepEqual(unfollowed.map(traceparents), [[["traceparent", TRACE]]]);
});
