import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppId, GrantId, UserId } from "@trulinks/protocol";
import { createWorld } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { tellingEnds } from "./telling-ends.ts";

test("every end is told once, and what was not there has no end", async (t) => {
  const world = createWorld({ clock: systemClock, dice: systemDice });
  t.after(() => world.storage.close());
  let ends = 0;
  const accounts = tellingEnds(world.storage.accounts, () => ends++);
  const nowMs = systemClock.now();
  const user = await world.makeUser("ada");
  const app = await world.makeApp();
  const grant = await world.grant(user, app);

  assert.ok(await accounts.revokeGrant(grant, nowMs));
  assert.equal(ends, 1);
  assert.ok(await accounts.deleteApp(app, nowMs));
  assert.equal(ends, 2);
  assert.ok(await accounts.deleteUser(user, nowMs));
  assert.equal(ends, 3);

  assert.equal(await accounts.revokeGrant("grn_none" as GrantId, nowMs), null);
  assert.equal(await accounts.deleteApp("app_none" as AppId, nowMs), null);
  assert.equal(await accounts.deleteUser("nobody" as UserId, nowMs), null);
  assert.equal(ends, 3);
});
