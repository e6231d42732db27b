import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@trulinks/protocol";
import { type Reading, readDelivery } from "./delivery.ts";

const data = { issue: { number: 7, title: "Leak", author: "linus" }, project: { id: 3 } };
const opened = { id: "evt_1", type: "issue.opened", action: "opened", hook: "hok_1", user: "ada", data };

const CASES: readonly [promise: string, body: unknown, signer: string | null, kind: Reading["kind"]][] = [
  ["an opened issue is greeted", opened, "ada", "greet"],
  [
    "a ping of the hook is answered",
    { ...opened, type: "ping", action: "ping", user: undefined },
    null,
    "ping",
  ],
  ["a user's secret does not speak for another", { ...opened, user: "grace" }, "ada", "wrong-user"],
  [
    "a user's secret does not speak for the hook",
    { ...opened, type: "ping", action: "ping", user: undefined },
    "ada",
    "wrong-user",
  ],
  ["the hook's secret does not speak for a user", opened, null, "wrong-user"],
  ["an unknown type is declined", { ...opened, type: "issue.closed", action: "closed" }, "ada", "declined"],
  ["an unknown action is declined", { ...opened, action: "closed" }, "ada", "declined"],
  ["an issue without a number is declined", { ...opened, data: { ...data, issue: {} } }, "ada", "declined"],
  [
    "a number that is a text is declined",
    { ...opened, data: { ...data, issue: { number: "7", author: "x" } } },
    "ada",
    "declined",
  ],
  ["a missing project is declined", { ...opened, data: { issue: data.issue } }, "ada", "declined"],
  ["data that are no object are declined", { ...opened, data: 5 }, "ada", "declined"],
  ["a body that is no object is malformed", [], "ada", "malformed"],
  ["a body that is no JSON is malformed", "{", "ada", "malformed"],
];

for (const [promise, body, signer, kind] of CASES) {
  test(promise, () => {
    const bytes = utf8(typeof body === "string" ? body : JSON.stringify(body));
    assert.equal(readDelivery(bytes, signer).kind, kind);
  });
}

test("a body that is not UTF-8 is malformed", () => {
  assert.equal(readDelivery(new Uint8Array([0x7b, 0xff, 0x7d]), "ada").kind, "malformed");
});
