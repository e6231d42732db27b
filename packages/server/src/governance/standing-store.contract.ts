import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Storage } from "../storage/storage.ts";
import { parseSubject, type Standing, type Subject } from "./standing.ts";
import type { NewStanding, StandingStore } from "./standing-store.ts";

export interface OpenedStorage {
  readonly storage: Storage;
  close(): Promise<void>;
}

const NOW_MS = 1_790_000_000_000;
const PAGE = { after: null, countMax: 50 };

function subject(text: string): Subject {
  const parsed = parseSubject(text);
  assert.ok(parsed !== null);
  return parsed;
}

const ADA = subject("user:ada");

const standing = (over: Partial<Standing> = {}): Standing => ({
  subject: ADA,
  state: "suspended",
  reason: "Too many invalid requests, “again”.",
  evidenceUrl: "https://provider.example/cases/1",
  sinceMs: NOW_MS,
  untilMs: NOW_MS + 1_000,
  ...over,
});

const given = (over: Partial<NewStanding> = {}): NewStanding => ({ ...standing(), standingsMax: 3, ...over });

/** `open` gives an empty storage each time. */
export function standingStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  function promised(title: string, run: (store: StandingStore) => Promise<void>): void {
    test(title, async () => {
      const { storage, close } = await open();
      try {
        await run(storage.standings);
      } finally {
        await close();
      }
    });
  }

  describe(`the store of standings on ${name}`, () => {
    promised("a standing is found as it was set, and is over at its end", async (store) => {
      assert.equal(await store.findStanding(ADA, NOW_MS), null);
      assert.deepEqual(await store.putStanding(given()), { kind: "put", standing: standing(), isNew: true });
      assert.deepEqual(await store.findStanding(ADA, NOW_MS + 999), standing());
      assert.equal(await store.findStanding(ADA, NOW_MS + 1_000), null);
      assert.deepEqual((await store.listStandings(PAGE, NOW_MS + 1_000)).items, []);
    });

    promised("one without an end holds on until it is lifted", async (store) => {
      const banned = standing({ state: "banned", untilMs: null, evidenceUrl: null });
      await store.putStanding({ ...banned, standingsMax: 3 });
      assert.deepEqual(await store.findStanding(ADA, NOW_MS * 2), banned);
      assert.equal(await store.liftStanding(ADA, NOW_MS + 5), true);
      assert.equal(await store.findStanding(ADA, NOW_MS), null);
      assert.equal(await store.liftStanding(ADA, NOW_MS + 6), false);
    });

    promised("another takes the place of the one before", async (store) => {
      await store.putStanding(given());
      const next = standing({ state: "banned", sinceMs: NOW_MS + 1, untilMs: null });
      assert.deepEqual(await store.putStanding({ ...next, standingsMax: 3 }), {
        kind: "put",
        standing: next,
        isNew: false,
      });
      assert.deepEqual((await store.listStandings(PAGE, NOW_MS)).items, [next]);
    });

    promised(
      "there are no more than may be, but those that are there can be changed, and those that are over make room",
      async (store) => {
        for (const id of ["a", "b", "c"]) await store.putStanding(given({ subject: subject(`app:${id}`) }));
        assert.deepEqual(await store.putStanding(given()), { kind: "too-many" });
        assert.equal(
          (await store.putStanding(given({ subject: subject("app:b"), state: "banned" }))).kind,
          "put",
        );
        assert.equal(
          (await store.putStanding(given({ sinceMs: NOW_MS + 1_000, untilMs: null }))).kind,
          "put",
        );
      },
    );

    promised("every change is written down with what was before, newest first", async (store) => {
      await store.putStanding(given());
      const next = standing({ state: "banned", sinceMs: NOW_MS + 1 });
      await store.putStanding({ ...next, standingsMax: 3 });
      await store.liftStanding(ADA, NOW_MS + 2);
      await store.liftStanding(ADA, NOW_MS + 3);
      const { items } = await store.listAudit(PAGE);
      assert.deepEqual(
        items.map(({ sequence: _, ...entry }) => entry),
        [
          { atMs: NOW_MS + 2, action: "standing.lifted", subject: ADA, before: next, after: null },
          { atMs: NOW_MS + 1, action: "standing.set", subject: ADA, before: standing(), after: next },
          { atMs: NOW_MS, action: "standing.set", subject: ADA, before: null, after: standing() },
        ],
      );
      assert.equal(items[0]?.sequence, await store.findLastAudit());
    });

    promised("lists come in pages", async (store) => {
      for (const id of ["a", "b", "c"]) await store.putStanding(given({ subject: subject(`app:${id}`) }));
      const first = await store.listStandings({ after: null, countMax: 2 }, NOW_MS);
      const second = await store.listStandings({ after: first.next, countMax: 2 }, NOW_MS);
      assert.deepEqual(
        [...first.items, ...second.items].map((one) => one.subject),
        ["app:a", "app:b", "app:c"],
      );
      assert.equal(second.next, null);
      const newest = await store.listAudit({ after: null, countMax: 2 });
      const oldest = await store.listAudit({ after: newest.next, countMax: 2 });
      assert.deepEqual(
        [...newest.items, ...oldest.items].map((one) => one.subject),
        ["app:c", "app:b", "app:a"],
      );
    });

    promised("who reads changes gets each subject once, as it is now", async (store) => {
      assert.equal(await store.findLastAudit(), 0);
      const app = subject("app:a");
      await store.putStanding(given());
      await store.putStanding(given({ subject: app }));
      const seen = await store.findLastAudit();
      assert.deepEqual(await store.listStandingChanges(seen, 10), []);
      await store.putStanding(given({ state: "banned" }));
      await store.liftStanding(app, NOW_MS);
      await store.putStanding(given({ untilMs: null }));
      const changes = await store.listStandingChanges(seen, 10);
      assert.deepEqual(
        changes.map((change) => [change.subject, change.standing]),
        [
          [app, null],
          [ADA, standing({ untilMs: null })],
        ],
      );
      assert.equal(changes[1]?.sequence, await store.findLastAudit());
      const [first] = await store.listStandingChanges(0, 1);
      assert.equal(first?.subject, app);
    });

    promised("of many changes at once none is lost to who reads them", async (store) => {
      const subjects = Array.from({ length: 20 }, (_, n) => subject(`app:${n}`));
      const seen = new Set<string>();
      let sequence = 0;
      const read = async (): Promise<void> => {
        for (const change of await store.listStandingChanges(sequence, 100)) {
          seen.add(change.subject);
          sequence = change.sequence;
        }
      };
      await Promise.all(
        subjects.flatMap((each) => [store.putStanding(given({ subject: each, standingsMax: 50 })), read()]),
      );
      await read();
      assert.equal(seen.size, 20);
    });
  });
}
