import assert from "node:assert/strict";
import { test } from "node:test";
import { formatListenAddress, isLoopback, parseListenAddress } from "./listen-address.ts";

const good = [
  ["an IPv4 address", "127.0.0.1:8080", "127.0.0.1", 8080],
  ["a host name", "api.example.com:443", "api.example.com", 443],
  ["IPv6 in brackets", "[::1]:8080", "::1", 8080],
  ["no host is every address", ":8080", null, 8080],
  ["port 0 is any free port", "localhost:0", "localhost", 0],
  ["the highest port", "0.0.0.0:65535", "0.0.0.0", 65_535],
] as const;

for (const [reason, text, host, port] of good) {
  test(`an address to listen on may be ${reason}: ${text}`, () => {
    const address = parseListenAddress(text);
    assert.deepEqual(address, { host, port });
    assert.equal(formatListenAddress({ host, port }), text);
  });
}

const bad = [
  ["it has no port", "127.0.0.1"],
  ["it is only a port", "8080"],
  ["the port is empty", "localhost:"],
  ["the port is too high", "localhost:65536"],
  ["the port is signed", "localhost:-1"],
  ["the port is no number", "localhost:http"],
  ["IPv6 lacks its brackets", "::1:8080"],
  ["what stands in brackets is no IPv6", "[127.0.0.1]:80"],
  ["an octet is above 255", "256.0.0.1:80"],
  ["the IPv4 address is cut short", "127.1:80"],
  ["it is a URL", "http://localhost:80"],
  ["the name has a space", "local host:80"],
  ["it is empty", ""],
] as const;

for (const [reason, text] of bad) {
  test(`"${text}" is no address to listen on: ${reason}`, () => {
    assert.equal(parseListenAddress(text), null);
  });
}

const reach = [
  ["127.0.0.1:1", true],
  ["127.9.9.9:1", true],
  ["[::1]:1", true],
  ["[::ffff:127.0.0.1]:1", true],
  ["LOCALHOST:1", true],
  [":1", false],
  ["0.0.0.0:1", false],
  ["[::]:1", false],
  ["10.0.0.1:1", false],
  ["localhost.example.com:1", false],
] as const;

for (const [text, expected] of reach) {
  test(`${text} is ${expected ? "" : "not "}only reachable from this machine`, () => {
    const address = parseListenAddress(text);
    assert(address);
    assert.equal(isLoopback(address), expected);
  });
}
