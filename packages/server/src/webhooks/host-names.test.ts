import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type NameAnswer, type NameServer, startNameServer } from "../../../../test/name-server.ts";
import { systemClock } from "../base/clock.ts";
import { createHostNames, type HostNames } from "./host-names.ts";

interface Stage {
  readonly names: HostNames;
  readonly server: NameServer;
}

interface StageOptions {
  readonly ttlS?: number;
  readonly hosts?: string;
  readonly resolver?: string;
}

async function createStage(
  context: TestContext,
  answer: (name: string, family: 4 | 6) => NameAnswer,
  { ttlS = 0, hosts = "", resolver = "" }: StageOptions = {},
): Promise<Stage> {
  const server = await startNameServer({ answer, ttlS });
  context.after(() => server.close());
  const readText = async (path: string) => (path.endsWith("hosts") ? hosts : resolver);
  return { server, names: createHostNames({ clock: systemClock, servers: [server.address], readText }) };
}

async function addressesOf(names: HostNames, name: string): Promise<readonly string[]> {
  return (await names.find(name)).map(({ address }) => address);
}

test("a name has the addresses of both families", async (context) => {
  const { names } = await createStage(context, () => ["192.0.2.1", "2001:db8::1", "192.0.2.2"]);
  assert.deepEqual(await names.find("Receiver.Example"), [
    { address: "192.0.2.1", family: 4 },
    { address: "192.0.2.2", family: 4 },
    { address: "2001:db8::1", family: 6 },
  ]);
});

test("one family is enough, whatever becomes of the other", async (context) => {
  const others: readonly (readonly [string, NameAnswer])[] = [
    ["has no address", []],
    ["fails", "failure"],
    ["is silent", "silence"],
  ];
  for (const [why, other] of others) {
    for (const family of [4, 6] as const) {
      const address = family === 4 ? "192.0.2.1" : "2001:db8::1";
      const { names } = await createStage(context, (_, asked) => (asked === family ? [address] : other));
      assert.deepEqual(await names.find("receiver.example"), [{ address, family }], `the other ${why}`);
    }
  }
});

test("a name without an address says which name that was, and why", async (context) => {
  const cases: readonly (readonly [string, NameAnswer, RegExp])[] = [
    ["there is no such name", "no-such-name", /^nowhere\.example: ENOTFOUND$/],
    ["it has no address", [], /^nowhere\.example: ENODATA$/],
    ["its server cannot tell", "failure", /^nowhere\.example: ESERVFAIL$/],
  ];
  for (const [why, answer, message] of cases) {
    const { names } = await createStage(context, () => answer);
    await assert.rejects(names.find("nowhere.example"), { code: "NAME_NOT_FOUND", message }, why);
  }
});

test("what cannot be a name has no address", async (context) => {
  const { names } = await createStage(context, () => ["192.0.2.1"]);
  for (const name of ["a..b", "a b.example", `${"x".repeat(64)}.example`]) {
    await assert.rejects(names.find(name), { code: "NAME_NOT_FOUND" }, name);
  }
});

test("nobody is asked about addresses, localhost, and what stands in the hosts file", async (context) => {
  const hosts = "192.0.2.7 intern.example intern # ours\n2001:db8::7 intern.example\n";
  const { names, server } = await createStage(context, () => ["192.0.2.1"], { hosts });
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["192.0.2.9", ["192.0.2.9"]],
    ["2001:db8::9", ["2001:db8::9"]],
    ["localhost", ["127.0.0.1", "::1"]],
    ["hooks.localhost", ["127.0.0.1", "::1"]],
    ["INTERN.example", ["192.0.2.7", "2001:db8::7"]],
    ["intern.example.", ["192.0.2.7", "2001:db8::7"]],
    ["intern", ["192.0.2.7"]],
  ];
  for (const [name, addresses] of cases) assert.deepEqual(await addressesOf(names, name), addresses, name);
  assert.deepEqual(server.questions, []);
});

test("a short name is looked up within the search list, a long one is not", async (context) => {
  const answer = (name: string): NameAnswer =>
    name.endsWith(".corp.example") ? ["192.0.2.1"] : "no-such-name";
  const { names, server } = await createStage(context, answer, {
    resolver: "search a.example corp.example\n",
  });
  assert.deepEqual(await addressesOf(names, "receiver"), ["192.0.2.1"]);
  assert.deepEqual(
    server.questions.filter((question) => question.startsWith("A ")),
    ["A receiver.a.example", "A receiver.corp.example"],
  );
  await assert.rejects(names.find("receiver.other"), { message: "receiver.other: ENOTFOUND" });
});

test("a burst of lookups of one name asks once, and its answer is kept for a moment", async (context) => {
  const { names, server } = await createStage(context, () => ["192.0.2.1"], { ttlS: 3_600 });
  await Promise.all(Array.from({ length: 50 }, () => names.find("receiver.example")));
  await names.find("receiver.example");
  assert.equal(server.questions.length, 2);
});

test("an answer that says that it must not be kept is asked for anew, and so is a name that was not there", async (context) => {
  let answer: NameAnswer = "no-such-name";
  const { names } = await createStage(context, () => answer);
  await assert.rejects(names.find("receiver.example"));
  answer = ["192.0.2.1"];
  assert.deepEqual(await addressesOf(names, "receiver.example"), ["192.0.2.1"]);
  answer = ["192.0.2.2"];
  assert.deepEqual(await addressesOf(names, "receiver.example"), ["192.0.2.2"]);
});

test("names whose server is silent hold up no other name", async (context) => {
  const { names } = await createStage(context, (name) =>
    name.startsWith("silent") ? "silence" : ["192.0.2.1"],
  );
  // Four of them would be all that `dns.lookup` can do at once.
  const silent = Array.from({ length: 32 }, (_, index) => names.find(`silent-${index}.example`));
  let isAnySilentOneDone = false;
  for (const one of silent) one.catch(() => (isAnySilentOneDone = true));
  for (let index = 0; index < 100; index++) await names.find(`receiver-${index}.example`);
  assert.equal(isAnySilentOneDone, false, "the others were found while all of these were waiting");
  for (const one of await Promise.allSettled(silent)) assert.equal(one.status, "rejected");
});
