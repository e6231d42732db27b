import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
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
    ["a part of 63 characters", `https://${"x".repeat(63)}.example/`],
    ["a name of 253 characters", `https://${`${"x".repeat(62)}.`.repeat(4)}a/`],
    ["a name with digits that is no address", "https://127.0.0.1.example/"],
    ["a name with an underscore", "https://my_hooks.example/"],
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
    ["localhost in full-width letters", "https://ｌｏｃａｌｈｏｓｔ/", /loopback/],
    ["localhost, percent-encoded", "https://%6cocalhost/", /loopback/],
    ["localhost with a soft hyphen", "https://local\u00adhost/", /loopback/],
    ["loopback in circled digits", "https://①②⑦.⓪.⓪.①/", /127\.0\.0\.1/],
    ["loopback in three parts", "https://127.0.1/", /127\.0\.0\.1/],
    ["loopback in capital hexadecimal", "https://0X7F.0.0.0X1/", /127\.0\.0\.1/],
    ["loopback in octal with many zeros", "https://00000177.0.0.1/", /127\.0\.0\.1/],
    ["a private network in mixed radices", "https://0xa.0.257/", /private/],
    ["more than an address can hold", "https://4294967296/", /no absolute URL/],
    ["a part that is too large", "https://127.0.0.256/", /no absolute URL/],
    ["five parts", "https://127.0.0.0.1/", /no absolute URL/],
    ["a full-width dot", "https://127．0．0．1/", /127\.0\.0\.1/],
    ["a half-width ideographic full stop", "https://127｡0｡0｡1/", /127\.0\.0\.1/],
    ["percent-encoded dots", "https://127%2e0%2e0%2e1/", /127\.0\.0\.1/],
    ["double percent-encoding", "https://%2531%2532%2537.0.0.1/", /no absolute URL/],
    ["an address within brackets", "https://[127.0.0.1]/", /no absolute URL/],
    ["a zone", "https://[fe80::1%25eth0]/", /no absolute URL/],
    ["a zone, not encoded", "https://[fe80::1%eth0]/", /no absolute URL/],
    ["mapped in capitals", "https://[::FFFF:7F00:1]/", /ipv4Mapped/],
    ["mapped, all groups written", "https://[0:0:0:0:0:ffff:7f00:0001]/", /ipv4Mapped/],
    ["Teredo of a public host", "https://[2001:0:5db8:d70e::a247:28f1]/", /teredo/],
    ["6to4 of a public host", "https://[2002:5db8:d70e::1]/", /6to4/],
    ["NAT64 of a public host", "https://[64:ff9b::5db8:d70e]/", /rfc6052/],
    ["IPv6 benchmarks", "https://[2001:2::1]/", /not a public address/],
    ["ORCHID", "https://[2001:20::1]/", /not a public address/],
    ["IPv6 that is thrown away", "https://[100::1]/", /not a public address/],
    ["segment routing", "https://[5f00::1]/", /not a public address/],
    ["two dots at the end", "https://example.com../", /host name is none/],
    ["an empty part", "https://example..com/", /host name is none/],
    ["a part of 64 characters", `https://${"x".repeat(64)}.example/`, /host name is none/],
    ["a name of 254 characters", `https://${`${"x".repeat(62)}.`.repeat(4)}ab/`, /host name is none/],
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

test("the networks that are not public are refused from their first address to their last, and no further", () => {
  const cases: readonly (readonly [string, string, string, string | null, string | null])[] = [
    ["this network", "0.0.0.0", "0.255.255.255", null, "1.0.0.0"],
    ["private", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"],
    ["carrier-grade NAT", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"],
    ["loopback", "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"],
    ["link-local, with metadata", "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"],
    ["private", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"],
    ["protocol assignments", "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"],
    ["documentation 1", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"],
    ["6to4 relays", "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"],
    ["private", "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"],
    ["benchmarks", "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"],
    ["documentation 2", "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"],
    ["documentation 3", "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"],
    ["multicast, the future, broadcast", "224.0.0.0", "255.255.255.255", "223.255.255.255", null],
    ["Azure's metadata", "168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"],
    ["all before what is given out", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, "2003::"],
    ["protocol assignments", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", null, "2001:200::"],
    ["documentation", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7::", "2001:db9::"],
    ["6to4", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff::", "2003::"],
    ["documentation", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff::", "3fff:1000::"],
    ["all after it", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff::", null],
  ];
  const at = (address: string) => judgeAddress(strict, { scheme: "https", address, port: 443 }).kind;
  for (const [why, first, last, before, after] of cases) {
    for (const inside of [first, last]) assert.equal(at(inside), "refused", `${why}: ${inside}`);
    for (const outside of [before, after]) {
      if (outside !== null) assert.equal(at(outside), "allowed", `beside ${why}: ${outside}`);
    }
  }
});

test("any spelling of an address that is not public is refused", () => {
  const octet = fc.nat(255);
  const address = fc.oneof(
    fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
  );
  const radix = fc.constantFrom<(part: number) => string>(
    (part) => String(part),
    (part) => `0x${part.toString(16)}`,
    (part) => `0${part.toString(8)}`,
    (part) => [...String(part)].map((digit) => `%${(0x30 + Number(digit)).toString(16)}`).join(""),
    (part) => String.fromCodePoint(...[...String(part)].map((digit) => 0xff10 + Number(digit))),
  );
  const dot = fc.constantFrom(".", "。", "．", "｡", "%2e");
  const parts = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(
      address,
      fc.tuple(radix, radix, radix, radix),
      dot,
      parts,
      fc.boolean(),
      (octets, say, by, count, isDotted) => {
        // The last part takes what is left, as in 127.1.
        const last = octets.slice(count - 1).reduce((sum, one) => sum * 256 + one, 0);
        const host = [...octets.slice(0, count - 1), last].map((part, index) => say[index]?.(part)).join(by);
        const verdict = judgeUrl(strict, `https://${host}${isDotted ? "." : ""}/`);
        assert.equal(verdict.kind, "refused", host);
        assert.match(verdict.kind === "refused" ? verdict.because : "", /is not a public address/, host);
      },
    ),
  );
});

test("the allow list holds from the first address of a network to its last, for that family alone", () => {
  const policy = createAddressPolicy(["10.1.2.0/23", "fd00:1::/64", "192.168.7.7/32"]);
  const at = (address: string) => judgeAddress(policy, { scheme: "http", address, port: 80 }).kind;
  const allowed = ["10.1.2.0", "10.1.3.255", "192.168.7.7", "fd00:1::", "fd00:1::ffff:ffff:ffff:ffff"];
  const refused = [
    "10.1.1.255",
    "10.1.4.0",
    "192.168.7.6",
    "192.168.7.8",
    "fd00:0:ffff:ffff:ffff:ffff:ffff:ffff",
    "fd00:1:0:1::",
  ];
  const mapped = [
    "::ffff:10.1.2.0",
    "::ffff:0:10.1.2.0",
    "::10.1.2.0",
    "64:ff9b::10.1.2.0",
    "2002:a01:200::",
  ];
  for (const address of allowed) assert.equal(at(address), "allowed", address);
  for (const address of [...refused, ...mapped]) assert.equal(at(address), "refused", address);
});

test("where a prefix with IPv4 within is on the list, the address within is judged, too", () => {
  const wide = createAddressPolicy(["::/0"]);
  const both = createAddressPolicy(["::/0", "10.0.0.0/8"]);
  const cases: readonly (readonly [string, string, "allowed" | "refused"])[] = [
    ["NAT64 of a public host", "64:ff9b::93.184.215.14", "allowed"],
    ["NAT64 of metadata", "64:ff9b::169.254.169.254", "refused"],
    ["local NAT64 of metadata", "64:ff9b:1::169.254.169.254", "refused"],
    ["local NAT64 of a public host", "64:ff9b:1::93.184.215.14", "allowed"],
    ["mapped loopback", "::ffff:127.0.0.1", "refused"],
    ["translated loopback", "::ffff:0:127.0.0.1", "refused"],
    ["compatible loopback", "::127.0.0.1", "refused"],
    ["6to4 of a private host", "2002:c0a8:101::1", "refused"],
    ["6to4 of a public host", "2002:5db8:d70e::1", "allowed"],
    ["Teredo of a private host", "2001:0:5db8:d70e::3f57:fefe", "refused"],
    ["Teredo of a public host", "2001:0:5db8:d70e::a247:28f1", "allowed"],
    ["nothing within", "fd00::1", "allowed"],
    ["loopback itself", "::1", "allowed"],
  ];
  for (const [why, address, kind] of cases) {
    assert.equal(judgeAddress(wide, { scheme: "https", address, port: 443 }).kind, kind, why);
  }
  const inner = { scheme: "http", address: "64:ff9b::10.0.0.1", port: 80 } as const;
  assert.equal(judgeAddress(wide, inner).kind, "refused");
  assert.equal(judgeAddress(both, inner).kind, "allowed");
  const plain = { scheme: "http", address: "64:ff9b::93.184.215.14", port: 80 } as const;
  assert.equal(judgeAddress(wide, plain).kind, "refused", "plain http is for what is itself on the list");
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
