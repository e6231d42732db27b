import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserId } from "@trulinks/protocol";
import { claiming, eventOf, hookId, hookOf } from "../../webhooks/store-fixtures.contract.ts";
import { openRecorder } from "./recorder.contract.ts";

test("numbers have no holes and come once, also where an event has more hooks than are remembered", () => {
  const { verbs, database } = openRecorder(2);
  const userId = "u" as UserId;
  verbs.accounts.createUser({ id: userId, name: null, email: null, createdAtMs: 1 });
  const hookIds = ["hok_1", "hok_2", "hok_3"].map(hookId);
  for (const id of hookIds) {
    const hook = hookOf(id, { kind: "user", userId });
    verbs.webhooks.createHook(hook, new Uint8Array(9), { ownedMax: 9, knock: null });
  }
  const events = ["evt_1", "evt_2"].map((id) => eventOf(id, { userIds: [userId] }));
  verbs.webhooks.ingest(events, claiming());
  verbs.webhooks.ingest([eventOf("evt_3", { userIds: [userId] })], claiming());

  for (const id of hookIds) {
    const page = verbs.webhooks.listDeliveries(
      { hookId: id, reach: { kind: "all" } },
      { after: null, countMax: 9 },
    );
    assert.deepEqual(page.items.map(({ sequence }) => sequence).toSorted(), [1, 2, 3], id);
  }
  database.close();
});
