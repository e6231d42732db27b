import assert from "node:assert/strict";
import type { Hook } from "./hook.ts";
import { ended, FAILED, LATER_MS, redeliver, registerType } from "./redelivery-fixtures.contract.ts";
import {
  ANN,
  change,
  claimAll,
  eventOf,
  findDelivery,
  GREETER,
  grant,
  hookOf,
  ingestClaimed,
  makeHook,
  OF_ANN,
  OF_GREETER,
  type Promised,
  REFUSED,
  settleAs,
} from "./store-fixtures.contract.ts";

const DATA = '{"kind":"bug","user":{"email":"a@example.com"}}';
const EMAIL = "/user/email";
const INSECURE = { url: "http://receiver.example/" };

const USER_FIELD = [{ pointer: "/user", scopes: ["users"] }];

export function redeliveredViews(promised: Promised): void {
  const cases: readonly (readonly [string, Partial<Hook>, Partial<Hook>, readonly string[]])[] = [
    [
      "what was masked leaves unmasked to a hook that is secured now",
      INSECURE,
      { url: "https://r.example/" },
      [],
    ],
    ["what left unmasked is masked for one that is not secured now", {}, INSECURE, [EMAIL]],
  ];
  for (const [title, before, { url = "" }, mask] of cases) {
    promised(title, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, before));
      const claim = await ingestClaimed(storage, eventOf("evt_1", { data: DATA, sensitive: [EMAIL] }));
      await settleAs(storage, claim, FAILED, REFUSED);
      await change(storage, "hok", { url });
      await redeliver(storage, claim.deliveryId);
      const [again] = await claimAll(storage, LATER_MS);
      assert.deepEqual(again?.view?.mask ?? [], mask);
      assert.deepEqual((await findDelivery(storage, claim.deliveryId)).masked, mask);
    });
  }

  promised("it shows the fields that the hook includes now", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED, { include: ["/a"] });
    await change(storage, "hok", { include: ["/b", "/c"] });
    await redeliver(storage, deliveryId);
    const [again] = await claimAll(storage, LATER_MS);
    assert.deepEqual(again?.view?.include, ["/b", "/c"]);
  });

  promised(
    "what a grant did not show, of a type that nobody knows, it does not show again",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_GREETER));
      await grant(storage, ANN, GREETER, ["issues"]);
      const claim = await ingestClaimed(storage, eventOf("evt_1", { data: DATA, fieldScopes: USER_FIELD }));
      await settleAs(storage, claim, FAILED, REFUSED);
      await redeliver(storage, claim.deliveryId);
      const [again] = await claimAll(storage, LATER_MS);
      assert.deepEqual(again?.view?.omit, ["/user"]);
    },
  );

  promised("a field leaves for which the grant has its scope by now", async (storage) => {
    await registerType(storage, { fieldScopes: USER_FIELD });
    await makeHook(storage, hookOf("hok", OF_GREETER));
    const id = await grant(storage, ANN, GREETER, ["issues"]);
    const claim = await ingestClaimed(storage, eventOf("evt_1", { data: DATA, fieldScopes: USER_FIELD }));
    assert.deepEqual(claim.view?.omit, ["/user"]);
    await settleAs(storage, claim, FAILED, REFUSED);
    await storage.accounts.changeGrant(id, ["users"]);
    await redeliver(storage, claim.deliveryId);
    const [again] = await claimAll(storage, LATER_MS);
    assert.equal(again?.view, null);
  });

  promised(
    "what any version of its type withheld is withheld, also when the type is gone",
    async (storage) => {
      await registerType(storage, { fieldScopes: USER_FIELD });
      await makeHook(storage, hookOf("hok", OF_GREETER));
      await grant(storage, ANN, GREETER, ["issues"]);
      const claim = await ingestClaimed(storage, eventOf("evt_1", { data: DATA, fieldScopes: USER_FIELD }));
      await settleAs(storage, claim, FAILED, REFUSED);
      await registerType(storage, {});
      for (const isGone of [false, true]) {
        if (isGone) assert.ok(await storage.eventTypes.deleteEventType("issue.opened"));
        await redeliver(storage, claim.deliveryId);
        const [again] = await claimAll(storage, LATER_MS);
        assert.deepEqual(again?.view?.omit, ["/user"]);
        assert.ok(again && (await settleAs(storage, again, FAILED, REFUSED)));
      }
    },
  );

  promised("no field leaves for which the grant has lost its scope", async (storage) => {
    await registerType(storage, { fieldScopes: USER_FIELD });
    await makeHook(storage, hookOf("hok", OF_GREETER));
    const id = await grant(storage, ANN, GREETER, ["users"]);
    const claim = await ingestClaimed(storage, eventOf("evt_1", { data: DATA }));
    assert.equal(claim.view, null);
    await settleAs(storage, claim, FAILED, REFUSED);
    await storage.accounts.changeGrant(id, ["issues"]);
    await redeliver(storage, claim.deliveryId);
    const [again] = await claimAll(storage, LATER_MS);
    assert.deepEqual(again?.view?.omit, ["/user"]);
  });
}
