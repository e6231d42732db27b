/** What goes wrong, each in its own part. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../../test/services/postgres-cluster.ts";
import type { PlatformUnderTest } from "../contenders/platform.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import type { Arrivals } from "../receiver/arrivals.ts";
import type { Manner, Receiver } from "../receiver/receiver.ts";
import type { Scale } from "./scale.ts";

export interface Stage {
  readonly under: PlatformUnderTest;
  /** The database, where the platform has one beside it. */
  readonly cluster: Cluster | null;
  readonly receiver: Receiver;
  /** Where the troubled tenant's hooks lead. */
  readonly tenantPort: number;
}

/** Where events arrive. */
export interface Destination {
  /** All that arrived since the last taking. */
  take(): Promise<Arrivals>;
  close(): Promise<void>;
}

/** Whose hooks lead to where it happens: one tenant's, which has three tenths of the traffic, or everybody's. */
export type Concerned = "nobody" | "tenant" | "everybody";

export interface Trouble {
  readonly part: string;
  readonly title: string;
  /** Which engines it concerns. */
  readonly engines: readonly ("sqlite" | "postgres")[];
  readonly concerned: Concerned;
  /** Further members of every hook. */
  readonly hook?: Readonly<Record<string, unknown>>;
  /** Left out: at the receiver. */
  readonly open?: (stage: Stage) => Promise<Destination>;
  /** Makes it, and mends it. Answers when, each time, it could go on: the process was started, the database answered. */
  run(stage: Stage, scale: Scale): Promise<readonly number[]>;
}

const BOTH = ["sqlite", "postgres"] as const;

export const TROUBLES: readonly Trouble[] = [
  {
    part: "kill",
    title: "The process is killed (SIGKILL) every 2 s for 60 s, and started again at once",
    engines: BOTH,
    concerned: "nobody",
    async run({ under: { platform } }, { killEveryS, killForS }) {
      const backMs: number[] = [];
      for (const untilMs = monotonicMs() + killForS * 1_000; monotonicMs() < untilMs; ) {
        await sleep(killEveryS * 1_000);
        await platform.kill();
        backMs.push(monotonicMs());
        await platform.start();
      }
      return backMs;
    },
  },
  {
    part: "database",
    title: "PostgreSQL is stopped for 90 s, and started again",
    engines: ["postgres"],
    concerned: "nobody",
    async run({ cluster }, { databaseGoneS }) {
      await cluster?.halt();
      await sleep(databaseGoneS * 1_000);
      await cluster?.resume();
      return [monotonicMs()];
    },
  },
  tenant("black-hole", "A tenant with 30 % of the traffic takes connections and never answers", () => ({
    kind: "hangs",
  })),
  tenant("drip", "A tenant with 30 % of the traffic drips its answer's body without end", () => ({
    kind: "drips",
  })),
  tenant("busy", "A tenant with 30 % of the traffic answers 429 with Retry-After", ({ retryAfterS }) => ({
    kind: "busy",
    retryAfterS,
  })),
];

function tenant(part: string, title: string, mannerFor: (scale: Scale) => Manner): Trouble {
  return {
    part,
    title,
    engines: BOTH,
    concerned: "tenant",
    async run({ receiver, tenantPort }, scale) {
      await receiver.behave([tenantPort], mannerFor(scale));
      await sleep(scale.tenantS * 1_000);
      await receiver.behave([tenantPort], { kind: "answers" });
      return [];
    },
  };
}
