/** Asks a platform again and again for what is new, and goes on where it was when the platform has been away. */
import type { Clock } from "../base/clock.ts";
import { type Answered, type Ask, refusalOf } from "./ask.ts";
import { CommandFailed } from "./command-io.ts";
import { inPath } from "./either-command.ts";
import { type Query, textOf } from "./pages.ts";
import type { ShownDelivery } from "./shown-delivery.ts";
import { createTail, type Tail } from "./tail.ts";

export type Followed =
  | { readonly kind: "delivery"; readonly delivery: ShownDelivery }
  | { readonly kind: "away"; readonly message: string }
  | { readonly kind: "back" }
  /** More came at once than is asked for; the oldest of them are left out. */
  | { readonly kind: "left-out" };

export interface FollowDeps {
  readonly ask: Ask;
  readonly clock: Pick<Clock, "now" | "sleep">;
}

export interface FollowRequest {
  readonly query: Query;
  /** From when on; null: from now on. */
  readonly since: string | null;
  readonly signal: AbortSignal;
}

const PAUSE_MS = 1_000;
const PAGE_COUNT = 200;
/** 5 000 deliveries a second are followed; whoever has more asks with a filter. */
const PAGES_MAX = 25;
const ASKED_AFTER_MAX = 20;

export async function* follow(
  deps: FollowDeps,
  { query, since, signal }: FollowRequest,
): AsyncGenerator<Followed> {
  const tail = createTail(since === null ? await newestMs(deps) : Date.parse(since));
  let isAway = false;
  while (!signal.aborted) {
    try {
      const found = await step(deps, tail, query);
      if (isAway) yield { kind: "back" };
      isAway = false;
      yield* found;
    } catch (error) {
      if (!(error instanceof CommandFailed) || error instanceof Refused) throw error;
      if (!isAway) yield { kind: "away", message: error.message };
      isAway = true;
    }
    await deps.clock.sleep(PAUSE_MS, signal).catch(() => {});
  }
}

/** The platform is there and says no. */
class Refused extends CommandFailed {}

/** When the newest of all was made, by the clock of the platform if there is one. Whoever gets no answer is told why. */
async function newestMs({ ask, clock }: FollowDeps): Promise<number> {
  const { data } = await pageOf(ask, { limit: "1" });
  return data[0] === undefined ? clock.now() : Date.parse(data[0].created_at);
}

async function step({ ask, clock }: FollowDeps, tail: Tail, query: Query): Promise<readonly Followed[]> {
  const asking = { ...query, after: tail.after(), limit: String(PAGE_COUNT) };
  const { deliveries, isWhole } = await allSince(ask, asking);
  const listed = tail.take(deliveries, clock.now());
  const asked: ShownDelivery[] = [];
  for (const id of tail.due(clock.now(), ASKED_AFTER_MAX)) {
    const answered = heeded(await ask({ method: "GET", path: `/deliveries/${inPath(id)}` }));
    if (answered.status === 404) tail.forget(id);
    else asked.push(withoutExchanges(answered.body as ShownDelivery));
  }
  const lines = [...listed, ...tail.take(asked, clock.now())];
  return [
    ...(isWhole ? [] : [{ kind: "left-out" } as const]),
    ...lines.map((delivery) => ({ kind: "delivery", delivery }) as const),
  ];
}

interface Page {
  readonly data: readonly ShownDelivery[];
  readonly next: string | null;
}

async function allSince(
  ask: Ask,
  query: Query,
): Promise<{ readonly deliveries: readonly ShownDelivery[]; readonly isWhole: boolean }> {
  const deliveries: ShownDelivery[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const { data, next } = await pageOf(ask, { ...query, cursor });
    deliveries.push(...data);
    if (next === null) return { deliveries, isWhole: true };
    cursor = next;
  }
  return { deliveries, isWhole: false };
}

async function pageOf(ask: Ask, query: Query): Promise<Page> {
  const answered = heeded(await ask({ method: "GET", path: `/deliveries?${textOf(query)}` }));
  if (answered.status === 404) throw refused(answered);
  return answered.body as Page;
}

/** What is there or not; a platform that is busy or broken is away for the moment. */
function heeded(answered: Answered): Answered {
  const { status } = answered;
  if (status === 200 || status === 404) return answered;
  throw status === 429 || status >= 500 ? refusalOf(answered) : refused(answered);
}

function refused(answered: Answered): Refused {
  return new Refused(refusalOf(answered).message);
}

/** As lists have it. */
function withoutExchanges(delivery: ShownDelivery): ShownDelivery {
  const attempts = delivery.attempts.map(({ request: _, answer: __, ...attempt }) => attempt);
  return { ...delivery, attempts };
}
