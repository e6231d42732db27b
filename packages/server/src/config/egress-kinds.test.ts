import assert from "node:assert/strict";
import { test } from "node:test";
import { nameServers, type ProxyUrl, proxyUrl } from "./egress-kinds.ts";

function parse(text: string): ProxyUrl | undefined {
  return proxyUrl.parse(text, "/folder");
}

test("a proxy is its host and port, and what it wants to know of us", () => {
  const cases: readonly (readonly [
    string,
    string,
    Omit<ProxyUrl, "authorization">,
    string | null,
    string,
  ])[] = [
    [
      "a name",
      "http://egress.example:3128",
      { host: "egress.example", port: 3128 },
      null,
      "http://egress.example:3128",
    ],
    [
      "no port",
      "http://egress.example/",
      { host: "egress.example", port: 80 },
      null,
      "http://egress.example:80",
    ],
    [
      "IPv6",
      "http://[2001:db8::1]:3128",
      { host: "2001:db8::1", port: 3128 },
      null,
      "http://[2001:db8::1]:3128",
    ],
    [
      "credentials",
      "http://u:s3cret@p.example:1",
      { host: "p.example", port: 1 },
      "u:s3cret",
      "http://•••@p.example:1",
    ],
    [
      "escapes",
      "http://a%40b:p%3Aq%2F@p.example",
      { host: "p.example", port: 80 },
      "a@b:p:q/",
      "http://•••@p.example:80",
    ],
    [
      "a user alone",
      "http://token@p.example",
      { host: "p.example", port: 80 },
      "token:",
      "http://•••@p.example:80",
    ],
  ];
  for (const [why, text, { host, port }, credentials, printed] of cases) {
    const value = parse(text) ?? assert.fail(why);
    assert.deepEqual([value.host, value.port], [host, port], why);
    const sent = value.authorization?.reveal().replace("Basic ", "") ?? null;
    assert.equal(sent && Buffer.from(sent, "base64").toString(), credentials, why);
    assert.equal(proxyUrl.print(value), printed, why);
    assert.doesNotMatch(JSON.stringify(value), /s3cret/, why);
  }
});

test("what is no proxy", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["TLS to the proxy", "https://p.example:3128"],
    ["SOCKS", "socks5://p.example:1080"],
    ["a path", "http://p.example/x"],
    ["a query", "http://p.example/?x"],
    ["a fragment", "http://p.example/#x"],
    ["no scheme", "p.example:3128"],
    ["a port beyond the last", "http://p.example:65536"],
    ["a password without a user", "http://:s3cret@p.example"],
    ["an escape that cannot be read", "http://%ff:x@p.example"],
    ["more than 2048 characters", `http://${"x".repeat(2_048)}.example`],
  ];
  for (const [why, text] of cases) assert.equal(parse(text), undefined, why);
});

test("name servers are addresses, with a port where it is not 53", () => {
  const good = ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353", "127.0.0.1:65535"];
  assert.deepEqual(nameServers.parse(good, "/"), good);
  assert.deepEqual(nameServers.fromText("192.0.2.53, 127.0.0.1:53"), ["192.0.2.53", "127.0.0.1:53"]);
  assert.deepEqual(nameServers.parse([], "/"), []);
  const bad = [
    "dns.example",
    "192.0.2.53:0",
    "192.0.2.53:65536",
    "[192.0.2.53]:53",
    "[2001:db8::53]",
    "fe80::1%eth0",
    "",
    53,
  ];
  for (const one of bad) assert.equal(nameServers.parse([one], "/"), undefined, String(one));
  assert.equal(nameServers.parse("192.0.2.53", "/"), undefined, "no list");
  assert.notEqual(nameServers.parse(Array(8).fill("192.0.2.53"), "/"), undefined);
  assert.equal(nameServers.parse(Array(9).fill("192.0.2.53"), "/"), undefined, "too many");
});
