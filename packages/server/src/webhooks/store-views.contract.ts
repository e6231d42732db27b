import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import type { NewEvent } from "./new-event.ts";
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
  ingestOne,
  listAll,
  makeHook,
  OF_ANN,
  OF_GREETER,
  type Promised,
} from "./store-fixtures.contract.ts";
import type { View } from "./view.ts";

const DATA = '{"kind":"bug","user":{"email":"a@example.com","name":"A"},"Ω/~":1}';
const viewed = (over: Partial<NewEvent> = {}): NewEvent => eventOf("evt_1", { data: DATA, ...over });

const UNUSUAL: Partial<Hook> = {
  filter: [
    { pointer: "/Ω~1~0", in: [1, "1", true, null] },
    { pointer: "", in: [] },
  ],
  include: ["/a", "/Ω"],
  serial: true,
};
const CHANGES = [
  { filter: [] },
  { include: [] },
  { include: null },
  { serial: false },
  { filter: [{ pointer: "/x", in: [0.5] }], include: ["/y"], serial: true },
] as const;

export function views(promised: Promised): void {
  promised("what a hook filters, what it chooses and whether it is serial is kept", async (storage) => {
    let hook = await makeHook(storage, hookOf("hok", OF_ANN, UNUSUAL));
    assert.deepEqual(await storage.webhooks.findHook(hook.id), hook);
    for (const changes of CHANGES) {
      hook = { ...hook, ...changes };
      assert.deepEqual(await change(storage, "hok", changes), hook);
      assert.deepEqual(await storage.webhooks.findHook(hook.id), hook);
    }
    const { items } = await storage.webhooks.listHooks(null, { after: null, countMax: 9 });
    assert.deepEqual(items, [hook]);
  });

  promised("its filter is heeded, and numbers are given after it", async (storage) => {
    await makeHook(storage, hookOf("bugs", OF_ANN, { filter: [{ pointer: "/kind", in: ["bug"] }] }));
    const task = '{"kind":"task"}';
    assert.deepEqual(await reached(storage, viewed({ data: task, id: "evt_0" as NewEvent["id"] })), []);
    assert.deepEqual(await reached(storage, viewed()), ["bugs 1"]);
    await change(storage, "bugs", { filter: [{ pointer: "/kind", in: ["task", 1] }] });
    assert.deepEqual(await reached(storage, viewed({ data: task, id: "evt_2" as NewEvent["id"] })), [
      "bugs 2",
    ]);
  });

  promised("a grant sees what its scopes allow, as they are now; a user's own hook all", async (storage) => {
    await makeHook(storage, hookOf("own", OF_ANN));
    await makeHook(storage, hookOf("app", OF_GREETER));
    const id = await grant(storage, ANN, GREETER, ["issues"]);
    const event = (n: number) => viewed({ id: `evt_${n}` as NewEvent["id"], scopes: ["issues", "admin"] });
    assert.deepEqual(await reached(storage, event(1)), ["app 1", "own 1"]);
    await storage.accounts.changeGrant(id, ["users"]);
    assert.deepEqual(await reached(storage, event(2)), ["own 2"]);
    await storage.accounts.changeGrant(id, ["users", "admin"]);
    assert.deepEqual(await reached(storage, event(3)), ["app 2", "own 3"]);
  });

  stored(promised);

  promised("what an event marks as sensitive, and its trace, come with each claim", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const sensitive = ["/user/email", "/Ω~1~0"];
    const claim = await ingestClaimed(storage, viewed({ sensitive, trace }));
    assert.deepEqual([claim.event.sensitive, claim.event.trace], [sensitive, trace]);
    const found = await storage.webhooks.findDelivery(claim.deliveryId, { kind: "all" });
    assert.deepEqual(found?.event, claim.event);
    const [again] = await claimAll(storage, claim.leaseUntilMs);
    assert.deepEqual(again?.event, claim.event);
  });

  promised("events without keys need no fingerprint", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    for (const id of ["evt_1", "evt_2"]) {
      assert.equal((await ingestOne(storage, eventOf(id, { fingerprint: null }))).kind, "accepted");
    }
    assert.equal((await listAll(storage)).length, 2);
  });
}

/** `<hook> <number>` of the event's deliveries, sorted. */
async function reached(storage: Storage, event: NewEvent): Promise<readonly string[]> {
  assert.equal((await ingestOne(storage, event)).kind, "accepted");
  const made = await listAll(storage, { eventId: event.id });
  return made.map(({ hookId, sequence }) => `${hookId} ${sequence}`).sort();
}

const INSECURE = { verifyTls: false };
const EMAIL = "/user/email";
const FIELD_SCOPES = [{ pointer: "/user", scopes: ["users"] }];

const VIEWS: readonly (readonly [string, Partial<Hook>, Partial<NewEvent>, View | null])[] = [
  ["all of it", {}, { sensitive: [EMAIL] }, null],
  ["chosen fields", { include: ["/kind"] }, {}, { include: ["/kind"], omit: [], mask: [] }],
  ["masked fields", INSECURE, { sensitive: [EMAIL] }, { include: null, omit: [], mask: [EMAIL] }],
  ["fields within scopes", {}, { fieldScopes: FIELD_SCOPES }, { include: null, omit: ["/user"], mask: [] }],
];

function stored(promised: Promised): void {
  for (const [title, hookOver, eventOver, view] of VIEWS) {
    promised(`the view is fixed with the delivery: ${title}`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_GREETER, hookOver));
      await grant(storage, ANN, GREETER, ["issues"]);
      const claim = await ingestClaimed(storage, viewed(eventOver));
      assert.deepEqual(claim.view, view);
      assert.equal(claim.event.data, DATA);
      await change(storage, "hok", { include: ["/other"], verifyTls: true });
      const [again] = await claimAll(storage, claim.leaseUntilMs);
      assert.deepEqual((again satisfies Claim | undefined)?.view, view);
      assert.deepEqual((await findDelivery(storage, claim.deliveryId)).masked, view?.mask ?? []);
      assert.deepEqual((await listAll(storage))[0]?.masked, view?.mask ?? []);
    });
  }
}
