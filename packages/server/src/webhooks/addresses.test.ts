import assert from "node:assert/strict";
import { test } from "node:test";
import { createAddressPolicy, judgeAddress, judgeUrl } from "./addresses.ts";

const strict = createAddressPolicy([]);
const local = createAddressPolicy(["127.0.0.0/8", "::1/128"]);

test("a URL that hooks may reach", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a name", "https://example.com/hooks"],
    ["a name with a dot at its end", "https://example.com./hooks"],
    ["a high port", "https://example.com:8443/hooks?from=us"],
    ["the lowest high port", "https://example.com:1024"],
    ["the highest port", "https://example.com:65535"],
    ["a public IPv4 address", "https://93.184.215.14/hooks"],
    ["a public IPv6 address", "https://[2606:4700::6810:84e5]/hooks"],
    ["a name beyond ASCII", "https://bücher.example/hooks"],
  ];
  for (const [why, url] of cases) assert.deepEqual(judgeUrl(strict, url), { kind: "allowed" }, why);
});

test("a URL that hooks may not reach, and why", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["no URL", "example.com/hooks", /no absolute URL/],
    ["a bad port", "https://example.com:70000/", /no absolute URL/],
    ["white space", " https://example.com/", /white space/],
    ["a tab that parsers drop", "https://exam\tple.com/", /white space/],
    ["no slashes", "https:example.com/", /scheme:\/\/host/],
    ["one slash", "https:/example.com/", /scheme:\/\/host/],
    ["three slashes", "https:///example.com/", /scheme:\/\/host/],
    ["a backslash before another host", "https://example.com\\@127.0.0.1/", /scheme:\/\/host/],
    ["another scheme", "ftp://example.com/", /scheme ftp/],
    ["a script", "javascript:alert(1)", /scheme javascript/],
    ["plain http", "http://example.com/", /plain http/],
    ["a user name", "https://user@example.com/", /user name or password/],
    ["a password", "https://user:word@example.com/", /user name or password/],
    ["a fragment", "https://example.com/#part", /fragment/],
    ["an empty fragment", "https://example.com/#", /fragment/],
    ["port 80", "https://example.com:80/", /Port 80/],
    ["port 22", "https://example.com:22/", /Port 22/],
    ["port 1023", "https://example.com:1023/", /Port 1023/],
    ["port 0", "https://example.com:0/", /Port 0/],
    ["localhost", "https://localhost/", /127\.0\.0\.1 is not a public address \(loopback\)/],
    ["localhost in capitals", "https://LOCALHOST/", /loopback/],
    ["localhost with a dot", "https://localhost./", /loopback/],
    ["a name below localhost", "https://hooks.localhost/", /loopback/],
    ["loopback", "https://127.0.0.1/", /loopback/],
    ["loopback in short", "https://127.1/", /127\.0\.0\.1/],
    ["loopback as one number", "https://2130706433/", /127\.0\.0\.1/],
    ["loopback in octal", "https://0177.0.0.01/", /127\.0\.0\.1/],
    ["loopback in hexadecimal", "https://0x7f000001/", /127\.0\.0\.1/],
    ["loopback in mixed spelling", "https://0x7f.1/", /127\.0\.0\.1/],
    ["loopback in full-width digits", "https://１２７．０．０．１/", /127\.0\.0\.1/],
    ["loopback with an ideographic full stop", "https://127。0。0。1/", /127\.0\.0\.1/],
    ["loopback with a dot at its end", "https://127.0.0.1./", /127\.0\.0\.1/],
    ["loopback, percent-encoded", "https://%31%32%37.0.0.1/", /127\.0\.0\.1/],
    ["every address of this host", "https://0.0.0.0/", /unspecified/],
    ["zero", "https://0/", /unspecified/],
    ["a private network", "https://10.1.2.3/", /private/],
    ["another private network", "https://172.16.0.1/", /private/],
    ["a third private network", "https://192.168.1.1/", /private/],
    ["cloud metadata", "https://169.254.169.254/latest/meta-data", /linkLocal/],
    ["cloud metadata as one number", "https://2852039166/", /linkLocal/],
    ["Azure's metadata", "https://168.63.129.16/", /not a public address/],
    ["Alibaba's metadata, in carrier-grade NAT", "https://100.100.100.200/", /carrierGradeNat/],
    ["protocol assignments", "https://192.0.0.192/", /reserved/],
    ["documentation", "https://192.0.2.1/", /reserved/],
    ["documentation again", "https://203.0.113.9/", /reserved/],
    ["benchmarks", "https://198.18.0.1/", /reserved/],
    ["multicast", "https://224.0.0.1/", /multicast/],
    ["the future", "https://240.0.0.1/", /reserved/],
    ["broadcast", "https://255.255.255.255/", /broadcast/],
    ["IPv6 loopback", "https://[::1]/", /loopback/],
    ["IPv6 loopback in full", "https://[0:0:0:0:0:0:0:1]/", /loopback/],
    ["IPv6 unspecified", "https://[::]/", /unspecified/],
    ["IPv6 link-local", "https://[fe80::1]/", /linkLocal/],
    ["IPv6 site-local", "https://[fec0::1]/", /not a public address/],
    ["IPv6 unique local", "https://[fd00:ec2::254]/", /uniqueLocal/],
    ["IPv6 multicast", "https://[ff02::1]/", /multicast/],
    ["IPv6 documentation", "https://[2001:db8::1]/", /reserved/],
    ["IPv6 documentation of 2024", "https://[3fff::1]/", /reserved/],
    ["IPv4 mapped into IPv6", "https://[::ffff:127.0.0.1]/", /ipv4Mapped/],
    ["a public IPv4 address mapped", "https://[::ffff:93.184.215.14]/", /ipv4Mapped/],
    ["IPv4-compatible IPv6", "https://[::127.0.0.1]/", /not a public address/],
    ["IPv4-compatible IPv6 in hexadecimal", "https://[::7f00:1]/", /not a public address/],
    ["IPv4 translated", "https://[::ffff:0:7f00:1]/", /rfc6145/],
    ["6to4", "https://[2002:7f00:1::]/", /6to4/],
    ["NAT64", "https://[64:ff9b::7f00:1]/", /rfc6052/],
    ["local NAT64", "https://[64:ff9b:1::7f00:1]/", /rfc6052/],
    ["Teredo", "https://[2001:0:7f00:1::]/", /teredo/],
    ["what nobody was given", "https://[4000::1]/", /not a public address/],
  ];
  for (const [why, url, because] of cases) {
    const verdict = judgeUrl(strict, url);
    assert.equal(verdict.kind, "refused", why);
    assert.match(verdict.kind === "refused" ? verdict.because : "", because, why);
  }
});

test("what is on the list is exempt from the rules for scheme, address and port", () => {
  const cases: readonly (readonly [string, string, "allowed" | "refused"])[] = [
    ["plain http to an address on the list", "http://127.0.0.1:9000/hooks", "allowed"],
    ["a low port", "http://127.0.0.1:22/", "allowed"],
    ["another address of the network", "http://127.9.9.9/", "allowed"],
    ["another spelling of the address", "http://0x7f000001:9000/", "allowed"],
    ["IPv6 on the list", "http://[::1]:9000/", "allowed"],
    ["localhost, which stands for both", "http://localhost:9000/hooks", "allowed"],
    ["an address mapped into IPv6 is another one", "http://[::ffff:127.0.0.1]:9000/", "refused"],
    ["a name cannot be judged yet, so http is refused", "http://receiver.test:9000/", "refused"],
    ["an address beside the list", "http://10.0.0.1/", "refused"],
    ["credentials are refused all the same", "http://user@127.0.0.1/", "refused"],
    ["a fragment is refused all the same", "http://127.0.0.1/#x", "refused"],
  ];
  for (const [why, url, kind] of cases) assert.equal(judgeUrl(local, url).kind, kind, why);
  assert.equal(judgeUrl(createAddressPolicy(["127.0.0.0/8"]), "http://localhost/").kind, "allowed");
});

test("the address really connected to is judged with scheme and port", () => {
  const at = (address: string, scheme: "http" | "https", port: number) =>
    judgeAddress(local, { scheme, address, port }).kind;
  assert.equal(at("93.184.215.14", "https", 443), "allowed");
  assert.equal(at("93.184.215.14", "http", 80), "refused");
  assert.equal(at("93.184.215.14", "https", 25), "refused");
  assert.equal(at("127.0.0.1", "http", 80), "allowed");
  assert.equal(at("10.0.0.1", "https", 443), "refused");
  assert.equal(at("fe80::1%eth0", "https", 443), "refused");
  assert.equal(at("", "https", 443), "refused");
});

test("a list that cannot be read says which entry and what was expected", () => {
  for (const network of ["127.0.0.1", "localhost/8", "10.0.0.0/33", ""]) {
    assert.throws(() => createAddressPolicy(["10.0.0.0/8", network]), /is no network: expected an address/);
  }
});
