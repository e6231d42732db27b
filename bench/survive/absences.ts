/** A receiver that is gone, and the three ways in which it gets what it missed. */
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../measure/monotonic.ts";
import { openFeedReader } from "./feed-reader.ts";
import type { Scale } from "./scale.ts";
import type { Stage, Trouble } from "./troubles.ts";

const ENGINES = ["sqlite", "postgres"] as const;
// The last attempts while it was gone are over by then.
const OVER_MS = 2_000;
const POLL_MS = 100;
const EARLIER_MS = 60_000;

export const ABSENCES: readonly Trouble[] = [
  {
    part: "away-retries",
    title: "The receiver is gone for a minute; what it missed comes by retries",
    engines: ENGINES,
    concerned: "everybody",
    run: beAway,
  },
  {
    part: "away-replay",
    title: "The receiver is gone for a minute and nothing is retried; what it missed comes by a replay",
    engines: ENGINES,
    concerned: "everybody",
    hook: { retries: "none" },
    async run(stage, scale) {
      // What was made just before may have been tried just after.
      const since = new Date(Date.now() - EARLIER_MS).toISOString();
      const backMs = await beAway(stage, scale);
      await sleep(OVER_MS);
      await replay(stage, since);
      return backMs;
    },
  },
  {
    part: "away-feed",
    title: "A receiver that lives from the feed alone does not ask for a minute, and then reads on",
    engines: ENGINES,
    concerned: "everybody",
    open: openFeedReader,
    run: beAway,
  },
];

async function beAway({ receiver, tenantPort }: Stage, { awayS }: Scale): Promise<readonly number[]> {
  await receiver.behave([tenantPort], { kind: "away" });
  await sleep(awayS * 1_000);
  await receiver.behave([tenantPort], { kind: "answers" });
  return [monotonicMs()];
}

interface ReplayTold {
  readonly id: string;
  readonly state: string;
}

async function replay({ under }: Stage, since: string): Promise<void> {
  let { id, state } = (await under.post("/v1/replays", { since })) as ReplayTold;
  while (state === "running") {
    await sleep(POLL_MS);
    ({ id, state } = (await under.get(`/v1/replays/${id}`)) as ReplayTold);
  }
  if (state !== "done") throw new Error(`The replay is ${state}.`);
}
