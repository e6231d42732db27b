import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Answered, type Ask, Unanswered } from "./ask.ts";
import { CommandFailed } from "./command-io.ts";
import { type Followed, follow } from "./follow.ts";
import type { ShownDelivery } from "./shown-delivery.ts";
import { createTail, FOLLOWED_MAX } from "./tail.ts";

const START_MS = Date.parse("2026-11-23T12:00:00.000Z");
const timeOf = (ms: number) => new Date(START_MS + ms).toISOString();

/** As the platform lists it. `attempts`: when each was made, in milliseconds after the start. */
function deliveryOf(
  id: string,
  madeMs: number,
  attempts: readonly number[],
  state = "waiting",
): ShownDelivery {
  return {
    ...{ id, event: `evt_${id}`, type: "issue.opened", hook: "hok_1", user: "ada", app: null, sequence: 1 },
    ...{ state, because: state === "waiting" ? "retry" : null, due_at: null, created_at: timeOf(madeMs) },
    ...{ key: null, expires_at: null, masked: [] },
    attempts: attempts.map((atMs, index) => ({
      ...{ number: index + 1, at: timeOf(atMs), outcome: "refused", status: 500, guideline: null },
      timings: { total_ms: 3 },
    })),
  };
}

const ids = (deliveries: readonly ShownDelivery[]) => deliveries.map(({ id }) => id);

describe("a tail tells", () => {
  test("each attempt and each end once, oldest first, however often it is listed", () => {
    const tail = createTail(START_MS - 1);
    const first = [deliveryOf("b", 1, [9]), deliveryOf("a", 0, [5], "delivered"), deliveryOf("c", 2, [])];
    assert.deepEqual(ids(tail.take(first, START_MS)), ["a", "b"]);
    assert.deepEqual(tail.take(first, START_MS), []);
    const later = [deliveryOf("b", 1, [9, 20]), deliveryOf("c", 2, [], "expired")];
    assert.deepEqual(ids(tail.take(later, START_MS)), ["c", "b"]);
    assert.deepEqual(ids(tail.take([deliveryOf("b", 1, [9, 20], "failed")], START_MS)), ["b"]);
    assert.deepEqual(tail.take(later.slice(1), START_MS), []);
  });

  test("nothing of what was made before it began, whatever happens to it", () => {
    const tail = createTail(START_MS);
    const [before, after] = [deliveryOf("a", 0, [1]), deliveryOf("b", 1, [1], "delivered")];
    assert.deepEqual(ids(tail.take([before, after], START_MS)), ["b"]);
    assert.deepEqual(tail.take([deliveryOf("a", 0, [1, 2], "delivered")], START_MS), []);
  });

  test("asks for what was made a little before the newest, too: another node may list it late", () => {
    const tail = createTail(START_MS - 1);
    assert.equal(tail.after(), timeOf(-3_001));
    tail.take([deliveryOf("a", 60_000, []), deliveryOf("b", 50_000, [])], START_MS);
    assert.equal(tail.after(), timeOf(57_000));
  });

  test("asks after what waits, less and less often, and not before it is due", () => {
    const tail = createTail(START_MS - 1);
    const waiting = deliveryOf("a", 0, [1]);
    tail.take([waiting, { ...deliveryOf("b", 0, [1]), due_at: timeOf(60_000) }], START_MS);
    assert.deepEqual(tail.due(START_MS + 999, 9), []);
    assert.deepEqual(tail.due(START_MS + 1_000, 9), ["a"]);
    tail.take([waiting], START_MS + 1_000);
    assert.deepEqual(tail.due(START_MS + 2_999, 9), []);
    assert.deepEqual(tail.due(START_MS + 3_000, 9), ["a"]);
    assert.deepEqual(tail.due(START_MS + 60_000, 9), ["a", "b"]);
    assert.deepEqual(tail.due(START_MS + 60_000, 1), ["a"]);
    tail.forget("a");
    assert.deepEqual(tail.due(START_MS + 60_000, 9), ["b"]);
  });

  test("follows so many and no more, the newest", () => {
    const tail = createTail(START_MS - 1);
    const many = Array.from({ length: FOLLOWED_MAX + 2 }, (_, n) => deliveryOf(`w${n}`, n, []));
    tail.take([...many, deliveryOf("new", 1e7, [])], START_MS);
    const followed = tail.due(START_MS + 1e9, 1e6);
    assert.equal(followed.length, FOLLOWED_MAX);
    assert.deepEqual([followed[0], followed.at(-1)], ["w3", "new"]);
  });
});

interface Script {
  /** What is answered to each list, in turn; the last one stops it. */
  readonly lists: readonly (Answered | Error | readonly ShownDelivery[])[];
  readonly shown?: Readonly<Record<string, Answered>>;
  readonly since?: string;
}

async function run({ lists, shown = {}, since }: Script) {
  const stopping = new AbortController();
  const paths: string[] = [];
  let nowMs = START_MS;
  const answers = [...lists];
  const ask: Ask = async ({ path }) => {
    paths.push(path);
    const [, id] = /^\/deliveries\/(.*)$/.exec(path) ?? [];
    const answer = id === undefined ? answers.shift() : shown[id];
    if (answers.length === 0) stopping.abort();
    assert.ok(answer, path);
    if (answer instanceof Error) throw answer;
    return "status" in answer
      ? answer
      : { status: 200, body: { data: answer, next: null }, retryAfterS: null };
  };
  const clock = {
    now: () => nowMs,
    async sleep(ms: number) {
      nowMs += ms;
    },
  };
  const told: string[] = [];
  const request = { query: { hook: "hok_1" }, since: since ?? null, signal: stopping.signal };
  for await (const followed of follow({ ask, clock }, request)) told.push(textOf(followed));
  return { told, paths };
}

function textOf(followed: Followed): string {
  return followed.kind === "delivery" ? `${followed.delivery.id} ${followed.delivery.state}` : followed.kind;
}

const AWAY = new Unanswered(new URL("http://127.0.0.1:1"), new Error("ECONNREFUSED"));
const BUSY: Answered = { status: 503, body: { message: "Later." }, retryAfterS: 1 };

describe("following", () => {
  test("begins with what is made after the newest that is there, whatever it is", async () => {
    const { told, paths } = await run({
      lists: [
        [deliveryOf("x", 0, [])],
        [deliveryOf("a", 0, [0], "delivered"), deliveryOf("b", 9_000, [9_001], "failed")],
        [],
      ],
    });
    assert.deepEqual(told, ["b failed"]);
    const after = (ms: number) => `/deliveries?hook=hok_1&after=${encodeURIComponent(timeOf(ms))}&limit=200`;
    assert.deepEqual(paths, ["/deliveries?limit=1", after(-3_000), after(6_000)]);
  });

  test("begins now where there is none yet", async () => {
    const { told } = await run({
      lists: [[], [deliveryOf("a", 0, [0], "delivered"), deliveryOf("b", 1, [1], "failed")]],
    });
    assert.deepEqual(told, ["b failed"]);
  });

  test("or begins with what was made since a time", async () => {
    const { told, paths } = await run({
      lists: [[deliveryOf("a", 0, [0], "delivered")]],
      since: timeOf(-60_000),
    });
    assert.deepEqual(told, ["a delivered"]);
    assert.match(paths[0] ?? "", new RegExp(encodeURIComponent(timeOf(-63_000))));
  });

  test("goes on where it was when the platform has been away, or busy", async () => {
    const { told } = await run({
      lists: [[], AWAY, AWAY, BUSY, [deliveryOf("a", 5, [5], "delivered")], BUSY, []],
    });
    assert.deepEqual(told, ["away", "back", "a delivered", "away", "back"]);
  });

  test("asks after what is listed no more, and forgets what is gone", async () => {
    const one = deliveryOf("a", 5, [5]);
    const shown = { a: { status: 200, body: deliveryOf("a", 5, [5, 9], "delivered"), retryAfterS: null } };
    const { told } = await run({
      lists: [[], [one, deliveryOf("b", 60_000, [])], [], []],
      shown: { ...shown, b: gone },
    });
    assert.deepEqual(told, ["a waiting", "a delivered"]);
  });

  test("ends with the reason when the platform was never there, or refuses", async () => {
    await assert.rejects(run({ lists: [AWAY, []] }), Unanswered);
    const refused = { status: 401, body: { message: "No." }, retryAfterS: null };
    await assert.rejects(
      run({ lists: [[], refused, []] }),
      (error) => error instanceof CommandFailed && error.message === "No.",
    );
  });
});

const gone: Answered = { status: 404, body: { message: "Not Found." }, retryAfterS: null };
