import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { operationPatterns } from "./operation-pattern.ts";

const GOOD = [
  "POST /issues/{number}/comments content",
  "GET /search/** cost=10 resource=search",
  "* /admin/** scopes=admin:read+admin:write",
  "POST /payments idempotency=upstream",
];

test("a pattern is printed as it was given", () => {
  assert.deepEqual(operationPatterns.print(operationPatterns.parse(GOOD, "/") ?? []), GOOD);
});

const BAD: readonly [because: string, item: unknown][] = [
  ["it marks nothing", "POST /issues"],
  ["a mark is unknown", "POST /issues contents"],
  ["its path begins without a slash", "POST issues content"],
  ["its method is in lower case", "post /issues content"],
  ["a cost is none", "POST /issues cost=many"],
  ["it is no text", 5],
];

describe("a pattern is refused where", () => {
  for (const [because, item] of BAD) {
    test(because, () => {
      assert.equal(operationPatterns.parse([...GOOD, item], "/"), undefined);
      assert.deepEqual(
        [...GOOD, item].map((each) => operationPatterns.isItem?.(each)),
        [true, true, true, true, false],
      );
    });
  }
});
