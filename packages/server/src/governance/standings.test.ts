import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { createLog } from "../base/log.ts";
import { seededDice } from "../base/seeded-dice.ts";
import { openSqliteInProcess } from "../storage/sqlite/open.ts";
import { graver, parseSubject, type Sender, type Standing, type Subject } from "./standing.ts";
import { createStandings } from "./standings.ts";

const log = createLog({ level: "silent" });
const NOW_MS = systemClock.now();

const standing = (subject: string, over: Partial<Standing> = {}): Standing => ({
  subject: parseSubject(subject) as Subject,
  state: "suspended",
  reason: "r",
  evidenceUrl: null,
  sinceMs: NOW_MS,
  untilMs: null,
  ...over,
});

const GRANT: Sender = { userId: "ada", appId: "a1", grantId: "g1", address: "192.0.2.1" };
const BEARS: readonly [subject: string, sender: Sender, bears: boolean][] = [
  ["user:ada", GRANT, true],
  ["app:a1", GRANT, true],
  ["grant:g1", GRANT, true],
  ["address:192.0.2.1", GRANT, true],
  ["user:a1", GRANT, false],
  ["grant:g2", GRANT, false],
  ["user:ada", { appId: "a1", address: "192.0.2.1" }, false],
  ["address:192.0.2.2", GRANT, false],
  ["address:2001:db8::1", { address: "2001:db8::/64" }, true],
];

describe("a standing bears on", () => {
  for (const [subject, sender, bears] of BEARS) {
    test(`${JSON.stringify(sender)} ${bears ? "" : "not "}where it is about ${subject}`, async () => {
      const storage = openSqliteInProcess({ file: ":memory:", dice: seededDice(1) });
      await storage.standings.putStanding({ ...standing(subject), standingsMax: 10 });
      const standings = createStandings({ store: storage.standings, clock: systemClock, log });
      await standings.start();
      assert.equal(standings.of(sender) !== null, bears);
      await standings.stop();
      await storage.close();
    });
  }
});

test("of several the gravest counts: a ban, else the one that ends later", () => {
  const banned = standing("user:a", { state: "banned", untilMs: 5 });
  const long = standing("user:b", { untilMs: 9 });
  const open = standing("user:c");
  assert.equal(graver(banned, open), banned);
  assert.equal(graver(open, banned), banned);
  assert.equal(graver(long, open), open);
  assert.equal(graver(open, long), open);
  assert.equal(graver(null, long), long);
});

test("what one node changes another knows soon, and what is lifted or over bars nobody", async () => {
  const storage = openSqliteInProcess({ file: ":memory:", dice: seededDice(1) });
  const [one, other] = [1, 2].map(() =>
    createStandings({ store: storage.standings, clock: systemClock, log }),
  );
  assert.ok(one && other);
  await one.start();
  await other.start();
  await storage.standings.putStanding({ ...standing("user:ada"), standingsMax: 10 });
  assert.equal(one.of(GRANT), null);
  await one.refresh();
  assert.equal(one.of(GRANT)?.subject, "user:ada");
  while (other.of(GRANT) === null) await systemClock.sleep(20);

  await storage.standings.liftStanding(parseSubject("user:ada") as Subject, NOW_MS);
  await one.refresh();
  assert.equal(one.of(GRANT), null);
  await storage.standings.putStanding({
    ...standing("app:a1", { untilMs: systemClock.now() + 50 }),
    standingsMax: 10,
  });
  await one.refresh();
  while (one.of(GRANT) !== null) await systemClock.sleep(5);
  await one.stop();
  await other.stop();
  await storage.close();
});
