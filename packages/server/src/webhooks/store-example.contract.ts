import assert from "node:assert/strict";
import type { HookState } from "./hook.ts";
import type { NewPing } from "./ping.ts";

import {
  change,
  claimAll,
  DELIVERED,
  eventOf,
  findDelivery,
  hookId,
  hookOf,
  ingestOne,
  makeHook,
  OF_ANN,
  OF_GREETER,
  type Promised,
  pingAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const VIEW = { include: null, omit: ["/b"], mask: ["/a"] };

function exampleAt(atMs: number): NewPing {
  const example = { type: "issue.opened", action: "opened", sensitive: ["/a"], view: VIEW };
  return { ...pingAt(atMs), data: '{"a":1,"b":2}', example };
}

export function examples(promised: Promised): void {
  promised(
    "an example is claimed as an event of its type, marked, without number and user",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_GREETER));
      const ping = exampleAt(START_MS);
      assert.equal(await storage.webhooks.ping(hookId("hok"), ping), true);
      const [claim, ...others] = await claimAll(storage, START_MS);
      assert.deepEqual(others, []);
      assert.deepEqual(claim?.event, {
        ...{
          id: ping.eventId,
          type: "issue.opened",
          action: "opened",
          data: ping.data,
          atMs: START_MS,
          trace: null,
        },
        ...{ sensitive: ["/a"], isTest: true },
      });
      assert.deepEqual([claim.sequence, claim.user, claim.view, claim.attempt], [null, null, VIEW, 1]);
      await settleAs(storage, claim, DELIVERED);
      const { type, state, sequence } = await findDelivery(storage, ping.deliveryId);
      assert.deepEqual([type, state, sequence], ["issue.opened", "delivered", null]);
    },
  );

  promised("what is no example is not marked", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await storage.webhooks.ping(hookId("hok"), pingAt(START_MS));
    await ingestOne(storage, eventOf("evt_1"));
    const claims = await claimAll(storage, START_MS);
    assert.deepEqual(claims.map(({ event }) => [event.type, event.isTest]).toSorted(), [
      ["issue.opened", undefined],
      ["ping", undefined],
    ]);
  });

  promised("it takes no number from the hook's deliveries", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await storage.webhooks.ping(hookId("hok"), exampleAt(START_MS));
    await ingestOne(storage, eventOf("evt_1"));
    const isNewer = async (after: number) =>
      (await storage.feed.findNewer([{ hookId: hookId("hok"), after }])).length > 0;
    assert.deepEqual([await isNewer(0), await isNewer(1)], [true, false]);
  });

  promised("it goes to hooks that are active or paused, and to no others", async (storage) => {
    const states: readonly (readonly [HookState, boolean])[] = [
      ["active", true],
      ["paused", true],
      ["pending", false],
      ["disabled", false],
    ];
    for (const [state, isSent] of states) {
      await makeHook(storage, hookOf(`hok_${state}`, OF_ANN, { state }));
      const ping = exampleAt(START_MS);
      assert.equal(await storage.webhooks.ping(hookId(`hok_${state}`), ping), isSent, state);
      const claims = await claimAll(storage, START_MS);
      assert.deepEqual(
        claims.map(({ deliveryId }) => deliveryId),
        isSent ? [ping.deliveryId] : [],
        state,
      );
    }
    assert.equal(await storage.webhooks.ping(hookId("hok_none"), exampleAt(START_MS)), false);
  });

  promised("a hook that has become pending is not made active by one that was under way", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await storage.webhooks.ping(hookId("hok"), exampleAt(START_MS));
    const [claim] = await claimAll(storage, START_MS);
    assert.ok(claim);
    const knock = { ping: pingAt(START_MS + 1), hostMax: 10 };
    await storage.webhooks.changeHook(
      hookId("hok"),
      { url: "https://other.example/" },
      { nowMs: START_MS, knock },
    );
    assert.equal(await settleAs(storage, claim, DELIVERED), false);
    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "pending");
    // Nor is it kept: it was for another receiver.
    await change(storage, "hok", { state: "active" });
    const later = await claimAll(storage, START_MS + 1e6);
    assert.deepEqual(
      later.map(({ event }) => event.type),
      ["ping"],
    );
  });
}
