import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { utf8 } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { Begun, IdempotencyStore, IdempotentRequest } from "./idempotency-store.ts";

export interface OpenedStorage {
  readonly storage: Storage;
  close(): Promise<void>;
}

const NOW_MS = 1_790_000_000_000;
const HELD_UNTIL_MS = NOW_MS + 60_000;
const EXPIRES_AT_MS = NOW_MS + 86_400_000;

const request = (over: Partial<IdempotentRequest> = {}): IdempotentRequest => ({
  scope: "operator POST /v1/apps",
  key: "key-1",
  fingerprint: "f1",
  nowMs: NOW_MS,
  heldUntilMs: HELD_UNTIL_MS,
  expiresAtMs: EXPIRES_AT_MS,
  ...over,
});

const { scope: SCOPE, key: KEY } = request();
const ANSWER = utf8("sealed \u{1f600}");

/** `answered` with the text of its answer, else the kind alone. */
function shown(begun: Begun): string {
  return begun.kind === "answered" ? `answered ${Buffer.from(begun.answer)}` : begun.kind;
}

const ANSWERED = `answered ${Buffer.from(ANSWER)}`;

/** What a second request gets after the first, by what happened in between. */
const SECONDS: readonly (readonly [
  string,
  (store: IdempotencyStore) => Promise<void>,
  Partial<IdempotentRequest>,
  string,
])[] = [
  ["nothing yet", async () => {}, {}, "in-flight"],
  ["nothing yet, and it has another body", async () => {}, { fingerprint: "f2" }, "reused"],
  ["the time to run is not over", async () => {}, { nowMs: HELD_UNTIL_MS - 1 }, "in-flight"],
  ["the time to run is over", async () => {}, { nowMs: HELD_UNTIL_MS }, "unknown"],
  [
    "that time is over, and it has another body",
    async () => {},
    { nowMs: HELD_UNTIL_MS, fingerprint: "f2" },
    "reused",
  ],
  ["an answer", (store) => store.finish(SCOPE, KEY, ANSWER), {}, ANSWERED],
  [
    "an answer, and it has another body",
    (store) => store.finish(SCOPE, KEY, ANSWER),
    { fingerprint: "f2" },
    "reused",
  ],
  [
    "an answer some time ago",
    (store) => store.finish(SCOPE, KEY, ANSWER),
    { nowMs: EXPIRES_AT_MS - 1 },
    ANSWERED,
  ],
  [
    "an answer, by now forgotten",
    (store) => store.finish(SCOPE, KEY, ANSWER),
    { nowMs: EXPIRES_AT_MS },
    "begun",
  ],
  ["no answer, by now forgotten", async () => {}, { nowMs: EXPIRES_AT_MS, fingerprint: "f2" }, "begun"],
  ["that it had no effect", (store) => store.abandon(SCOPE, KEY), {}, "begun"],
  ["that, and it has another body", (store) => store.abandon(SCOPE, KEY), { fingerprint: "f2" }, "begun"],
  [
    "an answer, but its key is another",
    (store) => store.finish(SCOPE, KEY, ANSWER),
    { key: "key-2" },
    "begun",
  ],
  [
    "an answer, but its scope is another",
    (store) => store.finish(SCOPE, KEY, ANSWER),
    { scope: "s" },
    "begun",
  ],
];

/** `open` gives an empty storage each time. */
export function idempotencyStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  function promised(title: string, run: (store: IdempotencyStore) => Promise<void>): void {
    test(title, async () => {
      const { storage, close } = await open();
      try {
        await run(storage.idempotency);
      } finally {
        await close();
      }
    });
  }

  describe(`the store of idempotency keys on ${name}`, () => {
    for (const [title, between, over, expected] of SECONDS) {
      promised(`after a first request and ${title}: ${expected.split(" ")[0]}`, async (store) => {
        assert.deepEqual(await store.begin(request()), { kind: "begun" });
        await between(store);
        assert.equal(shown(await store.begin(request(over))), expected);
      });
    }

    promised("of many that begin at once exactly one begins", async (store) => {
      const begun = await Promise.all(Array.from({ length: 20 }, () => store.begin(request())));
      assert.equal(begun.filter(({ kind }) => kind === "begun").length, 1);
      assert.equal(begun.filter(({ kind }) => kind === "in-flight").length, 19);
    });

    promised("a key that is begun anew after it was forgotten holds anew", async (store) => {
      await store.begin(request());
      await store.finish(SCOPE, KEY, ANSWER);
      const nowMs = EXPIRES_AT_MS;
      const again = request({ nowMs, heldUntilMs: nowMs + 10, expiresAtMs: nowMs + 99, fingerprint: "f2" });
      assert.equal(shown(await store.begin(again)), "begun");
      assert.equal(shown(await store.begin({ ...again, nowMs: nowMs + 9 })), "in-flight");
      assert.equal(shown(await store.begin({ ...again, nowMs: nowMs + 10 })), "unknown");
    });

    promised("an answer that comes after the time to run is kept", async (store) => {
      await store.begin(request());
      assert.equal(shown(await store.begin(request({ nowMs: HELD_UNTIL_MS }))), "unknown");
      await store.finish(SCOPE, KEY, ANSWER);
      assert.equal(shown(await store.begin(request({ nowMs: HELD_UNTIL_MS }))), ANSWERED);
    });

    promised("sweeping forgets what has expired, no more than it may, and says how many", async (store) => {
      for (let n = 0; n < 5; n++) await store.begin(request({ key: `old-${n}` }));
      await store.begin(request({ key: "young", expiresAtMs: EXPIRES_AT_MS + 1 }));
      const swept: number[] = [];
      for (let step = 0; step < 4; step++) swept.push(await store.sweep(EXPIRES_AT_MS, 2));
      assert.deepEqual(swept, [2, 2, 1, 0]);
      assert.equal(shown(await store.begin(request({ key: "young", fingerprint: "f2" }))), "reused");
      assert.equal(shown(await store.begin(request({ key: "old-0", fingerprint: "f2" }))), "begun");
    });
  });
}
