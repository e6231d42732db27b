import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../base/secret.ts";
import type { Kind } from "./kinds.ts";
import * as kinds from "./kinds.ts";

const KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

const good: readonly (readonly [name: string, kind: Kind<unknown>, given: unknown, printed: unknown])[] = [
  ["an address", kinds.listenAddress, "[::1]:80", "[::1]:80"],
  ["a prefix", kinds.pathPrefix, "/a/b-c_d.e~f", "/a/b-c_d.e~f"],
  ["an absolute path", kinds.filePath, "/a/./b", "/a/b"],
  ["a relative path", kinds.filePath, "b c", "/folder/b c"],
  ["an http URL", kinds.httpUrl, "http://localhost:3000", "http://localhost:3000/"],
  ["an https URL with a path", kinds.httpUrl, "https://api.example.com/v3/", "https://api.example.com/v3/"],
  ["PostgreSQL's URL without a password", kinds.postgresUrl, "postgres://db/x", "postgres://db/x"],
  ["PostgreSQL's URL", kinds.postgresUrl, "postgresql://u:s3cret@db/x", "postgresql://u:•••@db/x"],
  [
    "a password among PostgreSQL's parameters",
    kinds.postgresUrl,
    "postgres://db/x?password=s3cret&sslmode=require",
    "postgres://db/x?password=•••&sslmode=require",
  ],
  ["an operator key of the least length", kinds.visibleSecret, "x".repeat(24), "•••"],
  ["an operator key of the most length", kinds.visibleSecret, "~!".repeat(128), "•••"],
  ["32 bytes in base64", kinds.keySecret, KEY, "•••"],
  ["32 bytes in base64 without padding", kinds.keySecret, KEY.slice(0, -1), "•••"],
  ["one of several", kinds.oneOf(["a", "b"]), "b", "b"],
  ["the least number", kinds.integer({ min: 1, max: 5 }), 1, 1],
  ["the greatest number", kinds.integer({ min: 1, max: 5 }), 5, 5],
  ["headers", kinds.headerList, "authorization=Bearer s3cret", "•••"],
  ["none of them", kinds.share, 0, 0],
  ["all of them", kinds.share, 1, 1],
  ["a part of them", kinds.share, 0.05, 0.05],
  ["yes", kinds.yesOrNo, true, true],
  ["networks", kinds.networks, ["10.0.0.0/8", "::1"], ["10.0.0.0/8", "::1/128"]],
  ["a lone address", kinds.networks, ["192.0.2.1"], ["192.0.2.1/32"]],
  ["no networks", kinds.networks, [], []],
];

for (const [name, kind, given, printed] of good) {
  test(`${name} is taken and printed: ${printed}`, () => {
    const value = kind.parse(given, "/folder");
    assert.notEqual(value, undefined);
    assert.deepEqual(kind.print(value), printed);
  });
}

const bad: readonly (readonly [name: string, kind: Kind<unknown>, given: unknown])[] = [
  ["a number for an address", kinds.listenAddress, 8080],
  ["a prefix without its slash", kinds.pathPrefix, "integrations"],
  ["a prefix that ends with a slash", kinds.pathPrefix, "/integrations/"],
  ["the root as prefix", kinds.pathPrefix, "/"],
  ["a prefix that climbs", kinds.pathPrefix, "/a/../b"],
  ["a prefix with a dot for a segment", kinds.pathPrefix, "/./b"],
  ["a prefix with an escape", kinds.pathPrefix, "/a%2Fb"],
  ["headers without a value", kinds.headerList, "authorization"],
  ["more than all", kinds.share, 1.01],
  ["less than none", kinds.share, -0.1],
  ["a share as a text", kinds.share, "0.5"],
  ["no number", kinds.share, Number.NaN],
  ["an empty path", kinds.filePath, ""],
  ["a path of two lines", kinds.filePath, "a\nb"],
  ["a path with a zero byte", kinds.filePath, "a\0b"],
  ["another scheme", kinds.httpUrl, "ftp://a/"],
  ["a URL with a query", kinds.httpUrl, "http://a/?b"],
  ["a URL with an empty query", kinds.httpUrl, "http://a/?"],
  ["a URL with a fragment", kinds.httpUrl, "http://a/#b"],
  ["a URL with credentials", kinds.httpUrl, "http://user:s3cret@a/"],
  ["no URL", kinds.httpUrl, "localhost:3000"],
  ["another database", kinds.postgresUrl, "mysql://db/x"],
  ["an operator key that is too short", kinds.visibleSecret, "x".repeat(23)],
  ["an operator key that is too long", kinds.visibleSecret, "x".repeat(257)],
  ["an operator key with a space", kinds.visibleSecret, `${"x".repeat(24)} `],
  ["an operator key that is not ASCII", kinds.visibleSecret, "é".repeat(24)],
  ["31 bytes", kinds.keySecret, Buffer.alloc(31).toString("base64")],
  ["33 bytes", kinds.keySecret, Buffer.alloc(33).toString("base64")],
  ["base64url", kinds.keySecret, "-".repeat(43)],
  ["hexadecimal", kinds.keySecret, "00".repeat(32)],
  ["none of several", kinds.oneOf(["a", "b"]), "c"],
  ["less than the least number", kinds.integer({ min: 1, max: 5 }), 0],
  ["more than the greatest number", kinds.integer({ min: 1, max: 5 }), 6],
  ["a fraction", kinds.integer({ min: 1, max: 5 }), 1.5],
  ["a number as text", kinds.integer({ min: 1, max: 5 }), "3"],
  ["a number for yes", kinds.yesOrNo, 1],
  ["a text for a list", kinds.networks, "10.0.0.0/8"],
  ["too many bits", kinds.networks, ["10.0.0.0/33"]],
  ["no bits", kinds.networks, ["10.0.0.0/"]],
  ["an address that is cut short", kinds.networks, ["10.1"]],
  ["an address in octal", kinds.networks, ["010.0.0.1"]],
  ["an address with a zone", kinds.networks, ["fe80::1%eth0"]],
  ["a name", kinds.networks, ["localhost"]],
  ["too many networks", kinds.networks, Array(1_001).fill("::1")],
];

for (const [name, kind, given] of bad) {
  test(`${name} is refused`, () => {
    assert.equal(kind.parse(given, "/folder"), undefined);
  });
}

const texts: readonly (readonly [kind: Kind<unknown>, text: string, given: unknown])[] = [
  [kinds.integer({ min: 1, max: 5 }), "3", 3],
  [kinds.integer({ min: 1, max: 5 }), "3s", "3s"],
  [kinds.integer({ min: 1, max: 5 }), "0x3", "0x3"],
  [kinds.integer({ min: 1, max: 5 }), "", ""],
  [kinds.share, "0.05", 0.05],
  [kinds.share, "1", 1],
  [kinds.share, "5%", "5%"],
  [kinds.share, ".5", ".5"],
  [kinds.yesOrNo, "true", true],
  [kinds.yesOrNo, "false", false],
  [kinds.yesOrNo, "yes", "yes"],
  [kinds.networks, "10.0.0.0/8, ::1", ["10.0.0.0/8", "::1"]],
  [kinds.filePath, "123", "123"],
];

for (const [kind, text, given] of texts) {
  test(`a variable that says "${text}" means ${JSON.stringify(given)}`, () => {
    assert.deepEqual(kind.fromText(text), given);
  });
}

test("a secret is kept as it was given", () => {
  const value = kinds.visibleSecret.parse("x".repeat(30), "/");
  assert(value instanceof Secret);
  assert.equal(value.reveal(), "x".repeat(30));
});
