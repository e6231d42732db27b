import assert from "node:assert/strict";
import { createServer, type ServerOptions } from "node:https";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { makeAuthority, makeSelfSigned } from "../../../../test/certificates.ts";
import { type NameAnswer, startNameServer } from "../../../../test/name-server.ts";
import { systemClock } from "../base/clock.ts";
import { createAddressPolicy } from "./addresses.ts";
import { createHostNames, type HostNames } from "./host-names.ts";
import { createTestPoster, listen, receive, receiveRaw, requestTo } from "./post-fixtures.contract.ts";

const HOSTS = ["127.0.0.1", "localhost"];

async function receiveTls(context: TestContext, options: ServerOptions): Promise<string> {
  const server = createServer(options, (_, answer) => answer.end());
  return `https://127.0.0.1:${await listen(context, server)}/`;
}

async function namesSaying(context: TestContext, answer: (name: string) => NameAnswer): Promise<HostNames> {
  const server = await startNameServer({ answer });
  context.after(() => server.close());
  return createHostNames({ clock: systemClock, servers: [server.address], readText: async () => null });
}

test("certificates are verified, and their faults told apart", async (context) => {
  const authority = await makeAuthority();
  const stranger = await makeAuthority("Stranger");
  const past = { notBefore: new Date("2020-01-01"), notAfter: new Date("2021-01-01") };
  const future = { notBefore: new Date("2090-01-01"), notAfter: new Date("2091-01-01") };
  const ca = authority.cert;
  const cases = [
    ["good", await authority.issue({ hosts: HOSTS }), { ca }, "accepted"],
    ["expired", await authority.issue({ hosts: HOSTS, ...past }), { ca }, "tls-expired"],
    ["not yet valid", await authority.issue({ hosts: HOSTS, ...future }), { ca }, "tls-expired"],
    ["for another host", await authority.issue({ hosts: ["other.example"] }), { ca }, "tls-host"],
    ["of an unknown authority", await authority.issue({ hosts: HOSTS }), {}, "tls-untrusted"],
    ["of another authority", await stranger.issue({ hosts: HOSTS }), { ca }, "tls-untrusted"],
    ["self-signed", await makeSelfSigned({ hosts: HOSTS }), { ca }, "tls-untrusted"],
    ["for clients", await authority.issue({ hosts: HOSTS, shownBy: "client" }), { ca }, "tls-untrusted"],
    [
      "anything, where the hook opts out",
      await makeSelfSigned({ hosts: ["x.example"] }),
      { verifyTls: false },
      "accepted",
    ],
  ] as const;
  const poster = createTestPoster(context);
  for (const [why, issued, terms, kind] of cases) {
    const result = await poster.post(requestTo(await receiveTls(context, { ...issued }), terms));
    assert.equal(result.outcome.kind, kind, `${why}: ${result.detail}`);
  }
});

test("a name is asked for and verified, without the dot at its end", async (context) => {
  const authority = await makeAuthority();
  const issued = await authority.issue({ hosts: ["receiver.example"] });
  const asked: unknown[] = [];
  const server = createServer({ ...issued }, (incoming, answer) => {
    asked.push((incoming.socket as TLSSocket).servername);
    answer.end();
  });
  const port = await listen(context, server);
  const names = await namesSaying(context, () => ["127.0.0.1"]);
  const poster = createTestPoster(context, { names });
  const outcomeAt = async (host: string) =>
    (await poster.post(requestTo(`https://${host}:${port}/`, { ca: authority.cert }))).outcome.kind;
  assert.equal(await outcomeAt("receiver.example"), "accepted");
  assert.equal(await outcomeAt("receiver.example."), "accepted");
  assert.equal(await outcomeAt("other.example"), "tls-host");
  assert.deepEqual(asked, ["receiver.example", "receiver.example"]);
});

test("what keeps TLS from being agreed on", async (context) => {
  const authority = await makeAuthority();
  const issued = await authority.issue({ hosts: HOSTS });
  const ca = authority.cert;
  const plain = await receive(context, (_, answer) => answer.end());
  const garbage = await receiveRaw(context, (socket) => socket.end("no TLS"));
  const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" } as const;
  const cases: readonly (readonly [string, string])[] = [
    ["plain HTTP", plain.replace("http:", "https:")],
    ["garbage", garbage.replace("http:", "https:")],
    ["TLS 1.1", await receiveTls(context, { ...issued, ...old })],
    [
      "no common cipher",
      await receiveTls(context, { ...issued, maxVersion: "TLSv1.2", ciphers: "NULL-SHA256@SECLEVEL=0" }),
    ],
    [
      "a certificate of ours is wanted",
      await receiveTls(context, { ...issued, maxVersion: "TLSv1.2", ca, requestCert: true }),
    ],
  ];
  const poster = createTestPoster(context);
  for (const [why, url] of cases) {
    const result = await poster.post(requestTo(url, { ca }));
    assert.equal(result.outcome.kind, "tls", `${why}: ${result.detail}`);
  }
});

test("the platform's own certificate is shown to who asks, and a new one from then on", async (context) => {
  const authority = await makeAuthority();
  const issued = await authority.issue({ hosts: HOSTS });
  const clients = [
    await authority.issue({ hosts: ["first.example"], shownBy: "client" }),
    await authority.issue({ hosts: ["second.example"], shownBy: "client" }),
  ];
  const shown: unknown[] = [];
  const options = { ...issued, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  const server = createServer(options, (incoming, answer) => {
    shown.push((incoming.socket as TLSSocket).getPeerCertificate().subject.CN);
    answer.setHeader("Connection", "close").end();
  });
  const url = `https://127.0.0.1:${await listen(context, server)}/`;
  let current = clients[0] ?? null;
  const poster = createTestPoster(context, { clientCertificate: () => current });
  assert.equal((await poster.post(requestTo(url, { ca: authority.cert }))).outcome.kind, "accepted");
  current = clients[1] ?? null;
  assert.equal((await poster.post(requestTo(url, { ca: authority.cert }))).outcome.kind, "accepted");
  current = null;
  assert.notEqual((await poster.post(requestTo(url, { ca: authority.cert }))).outcome.kind, "accepted");
  assert.deepEqual(shown, ["first.example", "second.example"]);
});

test("a connection is not used beyond the end of the certificate it was made with", async (context) => {
  const authority = await makeAuthority();
  const issued = await authority.issue({ hosts: HOSTS, notAfter: new Date(Date.now() + 60_000) });
  const url = await receiveTls(context, { ...issued });
  let nowMs = Date.now();
  const poster = createTestPoster(context, { clock: { ...systemClock, now: () => nowMs } });
  const post = () => poster.post(requestTo(url, { ca: authority.cert }));
  assert.notEqual((await post()).connected ?? null, null);
  assert.equal((await post()).connected, null);
  nowMs += 60_000;
  assert.notEqual((await post()).connected ?? null, null);
});

test("a certificate that is exchanged for a bad one is noticed with the next connection", async (context) => {
  const authority = await makeAuthority();
  const good = await authority.issue({ hosts: HOSTS });
  const expired = await authority.issue({ hosts: HOSTS, notAfter: new Date("2021-01-01") });
  const server = createServer({ ...good }, (_, answer) => answer.end());
  const url = `https://127.0.0.1:${await listen(context, server)}/`;
  const poster = createTestPoster(context);
  const post = async () => (await poster.post(requestTo(url, { ca: authority.cert }))).outcome.kind;
  assert.equal(await post(), "accepted");
  server.setSecureContext(expired);
  assert.equal(await post(), "accepted", "the connection that stands was made with the good one");
  server.closeAllConnections();
  while (poster.connections().open > 0) await sleep(1);
  // A session that was resumed would not show the certificate at all.
  assert.equal(await post(), "tls-expired");
});

test("a name that comes to lead to an address that hooks may not reach is not followed there", async (context) => {
  let connections = 0;
  const url = await receive(context, (_, answer) => {
    connections++;
    answer.setHeader("Connection", "close").end();
  });
  let answer: NameAnswer = ["127.0.0.1"];
  const names = await namesSaying(context, () => answer);
  const poster = createTestPoster(context, { names, addresses: createAddressPolicy(["127.0.0.1/32"]) });
  const target = url.replace("127.0.0.1", "receiver.example");
  assert.equal((await poster.post(requestTo(target))).outcome.kind, "accepted");
  const turns: readonly (readonly [string, NameAnswer, string])[] = [
    ["to another address of this host", ["127.0.0.2"], "blocked-address"],
    ["to metadata", ["169.254.169.254"], "blocked-address"],
    ["to IPv6 loopback", ["::1"], "blocked-address"],
    ["to a mapped address", ["::ffff:7f00:1"], "blocked-address"],
    ["to both: the good one is taken", ["10.0.0.1", "127.0.0.1"], "accepted"],
    ["to nowhere", "no-such-name", "dns"],
  ];
  for (const [why, said, kind] of turns) {
    answer = said;
    const result = await poster.post(requestTo(target));
    assert.equal(result.outcome.kind, kind, `${why}: ${result.detail}`);
  }
  assert.equal(connections, 2);
});

test("a name whose server is silent ends at the deadline, and is no fault in answering", async (context) => {
  const names = await namesSaying(context, () => "silence");
  const poster = createTestPoster(context, { names });
  const result = await poster.post(requestTo("https://silent.example/", { deadlineMs: 50 }));
  assert.deepEqual([result.outcome.kind, result.detail], ["dns", "no address within 50 ms"]);
  assert.deepEqual(poster.connections(), { open: 0, free: 0 });
});
