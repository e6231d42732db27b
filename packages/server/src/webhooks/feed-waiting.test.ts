import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EventId, HookId } from "@trulinks/protocol";
import { createVirtualTime, type VirtualTime } from "../../../../test/simulation/virtual-time.ts";
import type { FeedPlace } from "./feed-store.ts";
import {
  createFeedWaiting,
  FEED_WAITING_MAX,
  FEED_WAITING_PER_OWNER_MAX,
  type FeedWaiting,
  LOOK_PAUSE_MS,
  type Place,
} from "./feed-waiting.ts";
import type { Ingested } from "./new-event.ts";

const HOK = "hok_1" as HookId;
const OTHER = "hok_2" as HookId;
const WAIT_MS = 30_000;

interface Stage {
  readonly time: VirtualTime;
  readonly waiting: FeedWaiting;
  /** What the store would say; a hook that is not in it is gone. */
  readonly newest: Map<HookId, number>;
  /** What was asked, question by question. */
  readonly asked: (readonly HookId[])[];
  enter(over?: { hookId?: HookId; owner?: string; signal?: AbortSignal; waitMs?: number }): Place;
}

function createStage(): Stage {
  const time = createVirtualTime(0);
  const newest = new Map<HookId, number>([
    [HOK, 7],
    [OTHER, 7],
  ]);
  const asked: (readonly HookId[])[] = [];
  const waiting = createFeedWaiting({
    clock: time.clock,
    store: {
      async findNewer(places) {
        asked.push(places.map(({ hookId }) => hookId));
        const isNews = ({ hookId, after }: FeedPlace) =>
          (newest.get(hookId) ?? Number.POSITIVE_INFINITY) > after;
        return places.filter(isNews).map(({ hookId }) => hookId);
      },
    },
  });
  return {
    ...{ time, waiting, newest, asked },
    enter(over = {}) {
      const request = {
        hookId: HOK,
        owner: "ann",
        waitMs: WAIT_MS,
        signal: new AbortController().signal,
        ...over,
      };
      const entered = waiting.enter(request);
      assert.ok(entered.kind === "entered", entered.kind);
      return entered.place;
    },
  };
}

const storedFor = (...left: readonly HookId[]): readonly Ingested[] => [
  {
    kind: "accepted",
    receipt: { id: "evt" as EventId, deliveries: left.length, unknown: [] },
    claims: [],
    left,
  },
];

/** What a reader is told, once it is. */
function told(place: Place, after = 7): { how: string | null } {
  const seen: { how: string | null } = { how: null };
  void place.ended(after).then((how) => {
    seen.how = how;
  });
  return seen;
}

describe("who waits for something to read", () => {
  test("hears at once of what is stored here for its hook, and not of what is for others", async () => {
    const { time, waiting, enter } = createStage();
    const [mine, others] = [told(enter()), told(enter({ hookId: OTHER }))];
    waiting.told(storedFor(HOK));
    await time.pass(0);
    assert.deepEqual([mine.how, others.how], ["stored", null]);
  });

  test("hears of what was stored while it was reading", async () => {
    const { time, waiting, enter } = createStage();
    const place = enter();
    waiting.told(storedFor(HOK));
    const first = told(place);
    await time.pass(0);
    const second = told(place);
    await time.pass(0);
    assert.deepEqual([first.how, second.how], ["stored", null]);
  });

  test("hears within a second of what was stored elsewhere, and sooner if that was told", async () => {
    const { time, waiting, newest, enter } = createStage();
    const first = told(enter());
    newest.set(HOK, 8);
    await time.pass(LOOK_PAUSE_MS - 1);
    assert.equal(first.how, null);
    await time.pass(1);
    assert.equal(first.how, "stored");
    const second = told(enter(), 8);
    newest.set(HOK, 9);
    waiting.lookSoon();
    await time.pass(LOOK_PAUSE_MS / 2);
    assert.equal(second.how, "stored");
  });

  test("is told when its time is over, when it goes, and when the platform stops", async () => {
    const { time, waiting, enter } = createStage();
    const gone = new AbortController();
    const [late, left] = [told(enter()), told(enter({ signal: gone.signal }))];
    gone.abort();
    await time.pass(0);
    assert.deepEqual([late.how, left.how], [null, "over"]);
    await time.pass(WAIT_MS);
    assert.equal(late.how, "over");
    const last = told(enter());
    await waiting.stop();
    await time.pass(0);
    assert.equal(last.how, "over");
    // Whoever comes now is not kept waiting either.
    const later = told(enter());
    await time.pass(0);
    assert.equal(later.how, "over");
  });

  test("hears of it when its hook is gone", async () => {
    const { time, newest, enter } = createStage();
    const seen = told(enter());
    newest.delete(HOK);
    await time.pass(LOOK_PAUSE_MS);
    assert.equal(seen.how, "stored");
  });

  test("waits on while what it wants is beyond the newest", async () => {
    const { time, newest, enter } = createStage();
    const seen = told(enter(), 20);
    newest.set(HOK, 20);
    await time.pass(2 * LOOK_PAUSE_MS);
    assert.equal(seen.how, null);
    newest.set(HOK, 21);
    await time.pass(LOOK_PAUSE_MS);
    assert.equal(seen.how, "stored");
  });
});

describe("what waiting costs", () => {
  test("a thousand readers are one question a second, which names each hook once", async () => {
    const { time, asked, newest, enter } = createStage();
    const hooks = Array.from({ length: 500 }, (_, index) => `hok_many_${index}` as HookId);
    for (const hookId of hooks) newest.set(hookId, 7);
    for (const hookId of [...hooks, ...hooks]) void told(enter({ hookId, owner: hookId }));
    await time.pass(10 * LOOK_PAUSE_MS);
    assert.equal(asked.length, 10);
    for (const hookIds of asked) assert.deepEqual(hookIds.toSorted(), hooks.toSorted());
  });

  test("nobody waits: nothing is asked", async () => {
    const { time, asked, waiting, enter } = createStage();
    const place = enter();
    void told(place);
    place.leave();
    place.leave();
    waiting.lookSoon();
    await time.pass(LOOK_PAUSE_MS);
    const after = asked.length;
    await time.pass(10 * LOOK_PAUSE_MS);
    assert.equal(asked.length, after);
    assert.deepEqual([after, waiting.count()], [0, 0]);
  });

  test("others tell of much: it is looked at some times a second, and no oftener", async () => {
    const { time, asked, waiting, enter } = createStage();
    void told(enter());
    for (let ms = 0; ms < 1_000; ms += 10) {
      waiting.lookSoon();
      await time.pass(10);
    }
    assert.ok(asked.length > 2 && asked.length <= 20, `${asked.length} looks`);
  });

  test("a store that is away is asked again", async () => {
    const time = createVirtualTime(0);
    let asked = 0;
    const findNewer = async () => {
      asked += 1;
      throw new Error("away");
    };
    const waiting = createFeedWaiting({ clock: time.clock, store: { findNewer } });
    const entered = waiting.enter({
      hookId: HOK,
      owner: "ann",
      waitMs: WAIT_MS,
      signal: new AbortController().signal,
    });
    assert.ok(entered.kind === "entered");
    void told(entered.place);
    await time.pass(3 * LOOK_PAUSE_MS);
    assert.equal(asked, 3);
  });
});

describe("how many may wait", () => {
  test("of one owner, and again as many when they have left", () => {
    const { waiting, enter } = createStage();
    const places = Array.from({ length: FEED_WAITING_PER_OWNER_MAX }, () => enter());
    const request = { hookId: HOK, owner: "ann", waitMs: WAIT_MS, signal: new AbortController().signal };
    assert.deepEqual(waiting.enter(request), { kind: "too-many-of-owner" });
    enter({ owner: "bob" });
    places[0]?.leave();
    enter();
    assert.deepEqual(waiting.enter(request), { kind: "too-many-of-owner" });
  });

  test("in all", () => {
    const { waiting, enter } = createStage();
    for (let n = 0; n < FEED_WAITING_MAX; n++) enter({ owner: `user ${n >> 6}` });
    const signal = new AbortController().signal;
    assert.deepEqual(waiting.enter({ hookId: HOK, owner: "new", waitMs: WAIT_MS, signal }), {
      kind: "too-many",
    });
    assert.equal(waiting.count(), FEED_WAITING_MAX);
  });
});
