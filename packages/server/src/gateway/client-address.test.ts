import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientAddress, trusting } from "./client-address.ts";

const NONE: readonly string[] = [];
const INNER = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"];

describe("the caller's address", () => {
  const cases: readonly [string, readonly string[], string | undefined, string | undefined, string][] = [
    ["is the peer's without proxies", NONE, "203.0.113.9", undefined, "203.0.113.9"],
    ["is not what an untrusted peer claims", NONE, "203.0.113.9", "1.2.3.4", "203.0.113.9"],
    ["is what a trusted proxy says", INNER, "10.0.0.1", "203.0.113.9", "203.0.113.9"],
    [
      "is the rightmost that is not trusted",
      INNER,
      "10.0.0.1",
      "6.6.6.6, 203.0.113.9, 10.2.3.4",
      "203.0.113.9",
    ],
    ["is never left of the first stranger", INNER, "10.0.0.1", "10.9.9.9, 203.0.113.9", "203.0.113.9"],
    ["is the leftmost where all are trusted", INNER, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["is the proxy's where it says nothing", INNER, "10.0.0.1", undefined, "10.0.0.1"],
    ["is the last proxy's where it says nonsense", INNER, "10.0.0.1", "1.1.1.1, unknown", "10.0.0.1"],
    ["may come with a port", INNER, "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["may come in brackets with a port", INNER, "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::/64"],
    ["is a /64 in IPv6", NONE, "2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64"],
    ["is the same for all of a /64", NONE, "2001:db8:1:2:ffff::1", undefined, "2001:db8:1:2::/64"],
    ["is another for the next /64", NONE, "2001:db8:1:3::1", undefined, "2001:db8:1:3::/64"],
    ["is IPv4 where IPv6 only wraps it", NONE, "::ffff:203.0.113.9", undefined, "203.0.113.9"],
    ["is IPv4 however it is wrapped", NONE, "::ffff:cb00:7109", undefined, "203.0.113.9"],
    ["has no zone", NONE, "fe80::1%eth0", undefined, "fe80::/64"],
    ["trusts a wrapped proxy as the plain one", INNER, "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["trusts an IPv6 proxy", INNER, "fd00::1", "203.0.113.9", "203.0.113.9"],
    ["has a name of its own where the socket is gone", NONE, undefined, "203.0.113.9", "unknown"],
  ];
  for (const [reason, trusted, peer, forwardedFor, expected] of cases) {
    test(reason, () => assert.equal(clientAddress({ peer, forwardedFor }, trusting(trusted)), expected));
  }
});

describe("a list of trusted proxies names the entry that is", () => {
  for (const entry of ["10.0.0.0/33", "::/129", "example.org", "", "10.0.0.1/", "10.0.0.0/-1", "10.0/8"]) {
    test(`no address: "${entry}"`, () => {
      assert.throws(
        () => trusting(["127.0.0.1", entry]),
        (error: Error) => error instanceof RangeError && error.message.includes(`"${entry}"`),
      );
    });
  }
});
