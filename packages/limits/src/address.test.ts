import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientAddress, parseAddress, trusting } from "./address.ts";

const TRUSTED = trusting(["10.0.0.0/8", "2001:db8:ffff::/48", "::1"]);

const clients: readonly [string, string | undefined, string | undefined, string][] = [
  ["an address without a proxy", "192.0.2.7", undefined, "192.0.2.7"],
  ["nobody's word is taken but a trusted proxy's", "192.0.2.7", "198.51.100.1", "192.0.2.7"],
  ["a trusted proxy's is", "10.1.2.3", "198.51.100.1", "198.51.100.1"],
  [
    "of several the last one that no proxy has",
    "10.1.2.3",
    "1.1.1.1, 198.51.100.1, 10.9.9.9",
    "198.51.100.1",
  ],
  ["what is no address ends the way", "10.1.2.3", "198.51.100.1, nonsense", "10.1.2.3"],
  ["nothing but proxies", "10.1.2.3", "10.0.0.1", "10.0.0.1"],
  ["IPv6 by its /64", "2001:DB8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64"],
  ["IPv6 in its short form", "2001:db8::1", undefined, "2001:db8:0:0::/64"],
  ["a link's zone is left out", "fe80::1%eth0", undefined, "fe80:0:0:0::/64"],
  ["IPv4 in IPv6 is IPv4", "::ffff:192.0.2.7", undefined, "192.0.2.7"],
  ["IPv4 in IPv6 in hexadecimal, too", "::ffff:c000:207", undefined, "192.0.2.7"],
  ["a proxy in IPv6", "2001:db8:ffff::9", "[2001:db8:5::1]:443", "2001:db8:5:0::/64"],
  ["a port is left out", "::1", "192.0.2.7:8080", "192.0.2.7"],
  ["a connection that is gone", undefined, undefined, "unknown"],
];

describe("a caller's address", () => {
  for (const [name, peer, forwardedFor, expected] of clients) {
    test(name, () => assert.equal(clientAddress({ peer, forwardedFor }, TRUSTED), expected));
  }
});

test("what is no address is none", () => {
  for (const text of [
    ...["", "1.2.3", "256.1.1.1", "1.2.3.4.5", "01234.1.1.1", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9"],
    ...["12345::", "g::1", ":1", "1.2.3.4::", "::1.2.3.4.5", "[::1", "::ffff:300.1.1.1"],
  ]) {
    assert.equal(parseAddress(text), null, text);
  }
});

test("a range that is none is refused by name, and not understood as another", () => {
  for (const range of [
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "proxy.example",
    "10.0.0.0/-1",
    "",
  ]) {
    assert.throws(
      () => trusting([range]),
      new RegExp(`"${range.replaceAll(".", "\\.")}" is no address or CIDR`),
    );
  }
});

test("a range holds its edges and nothing beyond them", () => {
  const isTrusted = trusting(["192.0.2.128/25", "2001:db8::/33"]);
  const cases: readonly [string, boolean][] = [
    ["192.0.2.127", false],
    ["192.0.2.128", true],
    ["192.0.2.255", true],
    ["192.0.3.0", false],
    ["::ffff:192.0.2.128", true],
    ["2001:db8:7fff:ffff::1", true],
    ["2001:db8:8000::", false],
  ];
  for (const [address, expected] of cases) assert.equal(isTrusted(address), expected, address);
});
