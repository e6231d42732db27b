/** Standings in memory, where every request asks for them, and kept as the store has them: also by other nodes. */
import type { Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import { graver, isOver, type Sender, type Standing, type Subject, subjectsOf } from "./standing.ts";
import type { StandingStore } from "./standing-store.ts";

export interface Standings extends Part {
  /** The gravest of those that bear on what a sender asks; null: nothing is said against it. */
  of(sender: Sender): Standing | null;
  /** Reads what has changed; whoever has changed something asks for it, so that it holds from the next request on. */
  refresh(): Promise<void>;
}

export interface StandingsDeps {
  readonly store: StandingStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many subjects may have one: each is some 300 bytes in every node. */
export const STANDINGS_MAX = 100_000;
/** How long another node may take to know. */
const LOOK_PAUSE_MS = 1_000;
const READ_COUNT_MAX = 500;

export function createStandings({ store, clock, log }: StandingsDeps): Standings {
  const known = new Map<Subject, Standing>();
  const stopping = new AbortController();
  let sequence = 0;
  let reading: Promise<void> | null = null;
  let looking: Promise<void> = Promise.resolve();

  async function readChanges(): Promise<void> {
    for (;;) {
      const changes = await store.listStandingChanges(sequence, READ_COUNT_MAX);
      for (const change of changes) {
        if (change.standing === null) known.delete(change.subject);
        else known.set(change.subject, change.standing);
        sequence = change.sequence;
      }
      if (changes.length < READ_COUNT_MAX) return;
    }
  }

  /** Two that read at once could each undo what the other has read later. */
  async function refresh(): Promise<void> {
    while (reading !== null) await reading.catch(() => {});
    reading = readChanges();
    try {
      await reading;
    } finally {
      reading = null;
    }
  }

  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(LOOK_PAUSE_MS, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      // What is known holds on while the database is away.
      await refresh().catch((error: unknown) => log.warn("standings.unread", { error }));
    }
  }

  return {
    name: "standings",
    async start() {
      // The end first: what changes while the list is read is read once more.
      sequence = await store.findLastAudit();
      for (let after: string | null = null; ; ) {
        const page = await store.listStandings({ after, countMax: READ_COUNT_MAX }, clock.now());
        for (const standing of page.items) known.set(standing.subject, standing);
        after = page.next;
        if (after === null) break;
      }
      looking = look();
    },
    async stop() {
      stopping.abort();
      await looking;
    },
    of(sender) {
      if (known.size === 0) return null;
      const nowMs = clock.now();
      let gravest: Standing | null = null;
      for (const subject of subjectsOf(sender)) {
        const standing = known.get(subject);
        if (standing === undefined) continue;
        if (isOver(standing, nowMs)) known.delete(subject);
        else gravest = graver(gravest, standing);
      }
      return gravest;
    },
    refresh,
  };
}
