import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readKept, writeKept } from "./kept.ts";
import { keepPorts, planDemo } from "./plan.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-plan-"));
});
after(() => rm(folder, { recursive: true }));

test("a plan writes nothing until it is kept", async () => {
  await planDemo(folder);
  assert.deepEqual(await readdir(folder), []);
});

test("a second start finds its ports again, and another one where a port is taken", async () => {
  const plan = await planDemo(folder);
  keepPorts(plan);
  assert.deepEqual(await planDemo(folder), plan);

  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(plan.trackerPort, "127.0.0.1", resolve));
  const other = await planDemo(folder);
  assert.notEqual(other.trackerPort, plan.trackerPort);
  assert.equal(other.greeterPort, plan.greeterPort);
  taken.close();
});

test("what is kept is for its owner's eyes only, and rubbish in its place is none of ours", async () => {
  writeKept(folder, "tokens.json", { ada: "token" });
  assert.equal((await stat(join(folder, "tokens.json"))).mode & 0o777, 0o600);
  assert.deepEqual(readKept(folder, "tokens.json"), { ada: "token" });
  await writeFile(join(folder, "tokens.json"), "{");
  assert.equal(readKept(folder, "tokens.json"), null);
});
