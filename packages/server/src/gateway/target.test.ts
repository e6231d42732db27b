import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseTarget, targetBelow, withoutQuery } from "./target.ts";

describe("a request target", () => {
  const cases: readonly [string, string, string | null, string | null][] = [
    ["is passed on byte for byte", "/a//b/./%2F%41?x=%20&y=/..", "/a//b/./%2F%41?x=%20&y=/..", null],
    ["may be absolute", "http://api.example/a?b", "/a?b", "api.example"],
    ["may be absolute without a path", "https://api.example:8443", "/", "api.example:8443"],
    ["may be absolute with nothing but a query", "HTTP://api.example?a=1", "/?a=1", "api.example"],
    ["has no credentials", "http://user:secret@api.example/", null, null],
    ["has no fragment", "/a#b", null, null],
    ["is no other scheme", "ftp://api.example/", null, null],
    ["is no bare name", "api.example:443", null, null],
    ["is not empty", "", null, null],
  ];
  for (const [reason, text, path, authority] of cases) {
    test(reason, () => {
      const target = parseTarget(text);
      if (path === null) assert.equal(target.kind, "malformed");
      else assert.deepEqual(target, { kind: "path", path, authority });
    });
  }
});

describe("below a base path", () => {
  const climbing = [
    "/..",
    "/../x",
    "/a/../../x",
    "/%2e%2e/x",
    "/.%2E/x",
    "/a%2f..%2fx",
    "/..;a=b/x",
    "/a\\..\\x",
    "/..%5cx",
  ];
  for (const path of climbing) {
    test(`nothing climbs out by ${path}`, () => assert.equal(targetBelow("/v1", path), null));
  }
  for (const path of ["/a..b", "/...", "/a?x=../y", "/..a", "/%2e/x"]) {
    test(`${path} stays as it is`, () => assert.equal(targetBelow("/v1", path), `/v1${path}`));
  }
  test("without a base path there is nothing to climb out of", () =>
    assert.equal(targetBelow("", "/../x"), "/../x"));
});

test("a path without its query", () => {
  assert.equal(withoutQuery("/a?token=secret?x"), "/a");
  assert.equal(withoutQuery("/a"), "/a");
});
