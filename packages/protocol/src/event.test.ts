import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { actionOf, EVENT_PATTERN_PATTERN, EVENT_TYPE_PATTERN, matchesAny, matchesPattern } from "./event.ts";

const segment = fc.stringMatching(/^[a-z0-9_]{1,8}$/);
const type = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("."));

test("a type is its own pattern, and `*` is everybody's", () => {
  fc.assert(
    fc.property(type, (one) => {
      assert.match(one, new RegExp(EVENT_TYPE_PATTERN));
      assert.match(one, new RegExp(EVENT_PATTERN_PATTERN));
      assert.ok(matchesPattern(one, one));
      assert.ok(matchesPattern("*", one));
    }),
  );
});

test("a trailing `.*` stands for one or more segments", () => {
  fc.assert(
    fc.property(type, type, (head, tail) => {
      assert.ok(matchesPattern(`${head}.*`, `${head}.${tail}`));
      assert.equal(matchesPattern(`${head}.*`, head), false);
      assert.equal(matchesPattern(`${head}.*`, `${head}${tail}`), false);
    }),
  );
});

test("one pattern that matches is enough, and none is not", () => {
  assert.equal(matchesAny(["pull_request.*", "issue.opened"], "issue.opened"), true);
  assert.equal(matchesAny(["pull_request.*", "issue.opened"], "issue.closed"), false);
  assert.equal(matchesAny([], "issue.opened"), false);
});

test("the action is the type's last segment", () => {
  assert.equal(actionOf("issue.comment.created"), "created");
  assert.equal(actionOf("ping"), "ping");
});
