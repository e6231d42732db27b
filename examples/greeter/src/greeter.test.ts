import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Running, startRunning } from "./testing/running.ts";
import type { TestDelivery } from "./testing/signed-post.ts";
import { until } from "./testing/until.ts";

let running: Running;
before(async () => {
  running = await startRunning();
});
after(() => running.stop());

const issue = (number: number): object => ({
  data: { issue: { number, title: "Leak", author: "linus" }, project: { id: 1 } },
});
const commentsOn = (number: number): number =>
  running.platform.comments.filter((comment) => comment.issue === `1/issues/${number}`).length;

test("the hook is made at start and its ping answered before its answer has come", () => {
  const hooks = [...running.platform.hooks.values()];
  assert.equal(hooks.length, 1);
  assert.equal(hooks[0]?.state, "active");
});

test("a new issue is greeted with the token of the user whom the delivery concerns", async () => {
  assert.equal(await running.platform.deliver({ signer: "grace", envelope: issue(1) }), 202);
  await until(() => commentsOn(1) > 0);
  const comment = running.platform.comments[0];
  assert.equal(comment?.token, "token-of-grace");
  assert.match(comment?.body ?? "", /@linus/);
});

const REFUSED: readonly [promise: string, TestDelivery, status: number][] = [
  ["a signature of nobody is refused", { signer: "ada", headers: { "webhook-signature": "v1,AAAA" } }, 401],
  ["a missing signature is refused", { signer: "ada", headers: { "webhook-signature": "" } }, 401],
  ["an old timestamp is refused", { signer: "ada", timestampS: 1_700_000_000 }, 401],
  ["another user's secret is refused", { signer: "ada", headers: { "TruLinks-User": "grace" } }, 401],
  ["a user's secret does not speak for another", { signer: "ada", envelope: { user: "grace" } }, 401],
  ["an unknown user is refused", { signer: "mallory" }, 401],
  [
    "an unknown type is declined for good",
    { signer: "ada", envelope: { type: "issue.closed", action: "closed" } },
    422,
  ],
  ["data of the wrong form are declined for good", { signer: "ada", envelope: { data: {} } }, 422],
  ["a body that is no JSON is malformed", { signer: "ada", envelope: "{" }, 400],
  ["a body that is too large is refused", { signer: "ada", envelope: "x".repeat(1_100_000) }, 413],
];
for (const [promise, delivery, status] of REFUSED) {
  test(promise, async () => assert.equal(await running.platform.deliver(delivery), status));
}

test("the same delivery again, and another user's delivery of the same issue, greet nobody twice", async () => {
  const delivery = { signer: "ada", id: "dlv_again", envelope: issue(2) };
  assert.equal(await running.platform.deliver(delivery), 202);
  assert.equal(await running.platform.deliver(delivery), 202);
  assert.equal(await running.platform.deliver({ signer: "grace", envelope: issue(2) }), 202);
  await running.platform.deliver({ signer: "ada", envelope: issue(3) });
  await until(() => commentsOn(3) > 0);
  assert.equal(commentsOn(2), 1);
});

test("an answer that was lost does not bring a second comment", async () => {
  let asked = 0;
  running.platform.onComment = () => ({ kind: asked++ === 0 ? "stored-answer-lost" : "stored" });
  await running.platform.deliver({ signer: "ada", envelope: issue(4) });
  await running.platform.deliver({ signer: "ada", envelope: issue(5) });
  await until(() => commentsOn(5) > 0);
  await until(() => running.platform.requests.includes("GET /projects/1/issues/4/comments?limit=100"));
  assert.equal(commentsOn(4), 1);
});

test("Retry-After is waited for, by one user's work and not by another's", async () => {
  let limited = 0;
  running.platform.onComment = (token) =>
    token === "token-of-ada" && limited++ === 0
      ? { kind: "refused", status: 429, headers: { "retry-after": "3" } }
      : { kind: "stored" };
  const startMs = Date.now();
  await running.platform.deliver({ signer: "ada", envelope: issue(6) });
  await until(() => limited > 0);
  await running.platform.deliver({ signer: "grace", envelope: issue(7) });
  await until(() => commentsOn(6) > 0);
  assert.equal(commentsOn(7), 1, "grace's work did not wait for ada's");
  assert.ok(Date.now() - startMs >= 3_000);
});

test("writes are at least a second apart", () => {
  const times = running.platform.comments.map((comment) => comment.atMs);
  for (const [index, atMs] of times.entries()) {
    const before = times[index - 1];
    if (before !== undefined) assert.ok(atMs - before >= 950, `${atMs - before} ms apart`);
  }
});

test("a start finds the hook of the one before, and works what was left", async () => {
  running.platform.onComment = () => ({ kind: "refused", status: 500 });
  await running.platform.deliver({ signer: "ada", envelope: issue(8) });
  await running.stopGreeter();
  running.platform.onComment = () => ({ kind: "stored" });
  await running.startGreeter();
  await until(() => commentsOn(8) > 0);
  assert.equal(running.platform.hooks.size, 1);
});
