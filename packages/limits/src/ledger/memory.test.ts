import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WindowPolicy } from "@trulinks/protocol";
import fc from "fast-check";
import type { Spent } from "../ledger.ts";
import { decide, type WindowCell } from "../window.ts";
import { createMemoryLedger, type MemoryLedger } from "./memory.ts";

const POLICY: WindowPolicy = { limit: 2, window_s: 60 };
const T0 = 1_700_000_000_000;

function spend(ledger: MemoryLedger, key: string, nowMs: number): Promise<Spent> {
  return ledger.spend({ key, policy: POLICY }, { cost: 1, nowMs });
}

async function admitted(ledger: MemoryLedger, key: string, nowMs: number): Promise<boolean> {
  return (await spend(ledger, key, nowMs)).kind === "admitted";
}

const ledgerOf = (callersMax: number): MemoryLedger => createMemoryLedger({ resource: "core", callersMax });

describe("a ledger in memory", () => {
  test("of requests at the same time, exactly as many are admitted as fit", async () => {
    const ledger = ledgerOf(10);
    const policy = { limit: 100, window_s: 60 };
    const all = await Promise.all(
      Array.from({ length: 250 }, () => ledger.spend({ key: "user:1", policy }, { cost: 1, nowMs: T0 })),
    );
    assert.equal(all.filter(({ kind }) => kind === "admitted").length, 100);
  });

  test("looking costs nothing", async () => {
    const ledger = ledgerOf(10);
    await spend(ledger, "a", T0);
    for (let times = 0; times < 5; times++) {
      assert.equal((await ledger.look({ key: "a", policy: POLICY }, T0)).remaining, 1);
      assert.equal((await ledger.look({ key: "stranger", policy: POLICY }, T0)).remaining, 2);
    }
    assert.equal(ledger.callers, 1, "looking remembers nobody");
  });

  test("what is given back can be spent again, and given back once the window is over it is lost", async () => {
    const ledger = ledgerOf(10);
    const first = await spend(ledger, "a", T0);
    assert.equal((await spend(ledger, "a", T0)).kind, "admitted");
    assert.equal((await spend(ledger, "a", T0)).kind, "refused");
    assert.ok(first.kind === "admitted");
    assert.equal((await ledger.refund({ key: "a", policy: POLICY }, first.receipt, T0)).remaining, 1);
    assert.equal((await spend(ledger, "a", T0)).kind, "admitted");

    assert.equal((await spend(ledger, "a", T0 + 60_000)).quota.used, 1);
    assert.equal((await ledger.refund({ key: "a", policy: POLICY }, first.receipt, T0 + 60_000)).used, 1);
  });

  test("callers whose window has ended are forgotten when another one comes", async () => {
    const ledger = ledgerOf(1_000);
    for (let index = 0; index < 500; index++) await spend(ledger, `caller:${index}`, T0 + index);
    assert.equal(ledger.callers, 500);
    await spend(ledger, "late", T0 + 60_000 + 249);
    assert.equal(ledger.callers, 251);
  });

  test("a changed policy holds at once, with what was used before", async () => {
    const ledger = ledgerOf(10);
    await spend(ledger, "a", T0);
    const lower = { limit: 1, window_s: 60 };
    assert.equal((await ledger.spend({ key: "a", policy: lower }, { cost: 1, nowMs: T0 })).kind, "refused");
  });
});

describe("a full ledger", () => {
  test("resets nobody, however many newcomers knock", async () => {
    const ledger = ledgerOf(3);
    for (const key of ["a", "b", "c"]) {
      await spend(ledger, key, T0);
      await spend(ledger, key, T0);
    }
    for (let index = 0; index < 100; index++) await spend(ledger, `flood:${index}`, T0 + 1);
    for (const key of ["a", "b", "c"]) assert.equal(await admitted(ledger, key, T0 + 2), false);
    assert.equal(ledger.callers, 3);
  });

  test("gives all newcomers together one quota", async () => {
    const ledger = ledgerOf(1);
    await spend(ledger, "a", T0);
    const flood = await Promise.all(
      Array.from({ length: 50 }, (_, index) => admitted(ledger, `flood:${index}`, T0)),
    );
    assert.equal(flood.filter(Boolean).length, POLICY.limit);
  });

  test("leaves a newcomer with the others until their window is over, so that it never has two", async () => {
    const ledger = ledgerOf(1);
    await spend(ledger, "a", T0);
    assert.equal(await admitted(ledger, "late", T0 + 30_000), true);
    assert.equal(await admitted(ledger, "late", T0 + 30_000), true);
    assert.equal(
      await admitted(ledger, "late", T0 + 60_001),
      false,
      "a is forgotten, but late's window lasts",
    );
    assert.equal(await admitted(ledger, "late", T0 + 90_000), true);
    assert.equal((await ledger.look({ key: "late", policy: POLICY }, T0 + 90_000)).used, 1);
  });

  test("gives back to the shared quota what came from it", async () => {
    const ledger = ledgerOf(1);
    await spend(ledger, "a", T0);
    const one = await spend(ledger, "b", T0);
    assert.equal(await admitted(ledger, "c", T0), true);
    assert.equal(await admitted(ledger, "d", T0), false);
    assert.ok(one.kind === "admitted");
    await ledger.refund({ key: "b", policy: POLICY }, one.receipt, T0);
    assert.equal(await admitted(ledger, "d", T0), true);
  });

  test("has room again one window after the clock was set back by a year", async () => {
    const ledger = ledgerOf(2);
    await spend(ledger, "a", T0);
    await spend(ledger, "b", T0);
    const nowMs = T0 - 365 * 86_400_000;
    await spend(ledger, "new", nowMs);
    await spend(ledger, "new", nowMs + 60_000);
    assert.equal((await ledger.look({ key: "other", policy: POLICY }, nowMs + 60_000)).used, 0);
    assert.equal(ledger.callers, 1);
  });
});

test("with room for all, every caller is decided as if it were alone", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          caller: fc.integer({ min: 0, max: 4 }),
          advanceMs: fc.integer({ min: 0, max: 30_000 }),
        }),
        {
          maxLength: 100,
        },
      ),
      async (walk) => {
        const ledger = ledgerOf(5);
        const alone = new Map<number, WindowCell | null>();
        let nowMs = T0;
        for (const { caller, advanceMs } of walk) {
          nowMs += advanceMs;
          const { verdict, cell } = decide(POLICY, alone.get(caller) ?? null, { cost: 1, nowMs });
          alone.set(caller, cell);
          assert.equal((await spend(ledger, `caller:${caller}`, nowMs)).kind, verdict.kind);
        }
      },
    ),
  );
});
