/**
 * What a node does that others had better know at once goes to them by NOTIFY. Nothing rests on it: each looks by itself
 * every second. So notices are sent after the commit, few at a time, and one that is lost is no harm.
 */
import pg from "pg";
import type { Clock } from "../../base/clock.ts";
import type { Dice } from "../../base/dice.ts";
import type { Part } from "../../base/lifecycle.ts";
import type { Heard } from "../storage.ts";
import type { Database } from "./database.ts";

export type Notice = keyof Heard;

export interface Notices {
  tell(notice: Notice): void;
  listen(heard: Heard): Part;
  /** Nothing is told any more, and what was told is on its way. */
  close(): Promise<void>;
}

export interface NoticesDeps {
  readonly database: Pick<Database, "run">;
  readonly url: string;
  readonly clock: Clock;
  readonly dice: Pick<Dice, "bytes">;
}

const CHANNEL = "trulinks";
// A NOTIFY holds up those that commit at the same moment: twenty a second are enough to tell of any number of events.
const TELL_PAUSE_MS = 50;
const CONNECT_MS_MAX = 5_000;
const CONNECT_AGAIN_MS = 1_000;
const NODE_BYTES = 8;

export function createNotices({ database, url, clock, dice }: NoticesDeps): Notices {
  const node = Buffer.from(dice.bytes(NODE_BYTES)).toString("hex");
  const pending = new Set<Notice>();
  const closing = new AbortController();
  let telling: Promise<void> | null = null;

  async function tellAll(): Promise<void> {
    while (pending.size > 0) {
      const notices = [...pending];
      pending.clear();
      await database.run("SELECT pg_notify($1, $2)", CHANNEL, `${node} ${notices.join(" ")}`).catch(() => {});
      await clock.sleep(TELL_PAUSE_MS, closing.signal).catch(() => {});
    }
    telling = null;
  }

  function hear(heard: Heard, payload: string | undefined): void {
    const [from, ...notices] = (payload ?? "").split(" ");
    if (from === node) return;
    for (const notice of notices) if (notice === "due" || notice === "changed") heard[notice]();
  }

  return {
    tell(notice) {
      if (closing.signal.aborted) return;
      pending.add(notice);
      telling ??= tellAll();
    },
    listen: (heard) => listening({ url, clock, onPayload: (payload) => hear(heard, payload), heard }),
    async close() {
      closing.abort();
      await telling;
    },
  };
}

interface ListeningDeps extends Pick<NoticesDeps, "url" | "clock"> {
  readonly onPayload: (payload: string | undefined) => void;
  readonly heard: Heard;
}

/** Keeps a connection of its own; where that is lost, the pool's own words say so in the log. */
function listening({ url, clock, onPayload, heard }: ListeningDeps): Part {
  const stopping = new AbortController();
  let working: Promise<void> = Promise.resolve();

  async function listenOnce(): Promise<void> {
    const client = new pg.Client({
      ...{ connectionString: url, connectionTimeoutMillis: CONNECT_MS_MAX, keepAlive: true },
      application_name: "trulinks",
    });
    const ended = Promise.withResolvers<void>();
    client.on("error", () => ended.resolve());
    client.on("end", () => ended.resolve());
    client.on("notification", ({ payload }) => onPayload(payload));
    stopping.signal.addEventListener("abort", () => ended.resolve());
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      // Before this nothing was heard.
      heard.changed();
      heard.due();
      await ended.promise;
    } finally {
      await client.end().catch(() => {});
    }
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      await listenOnce().catch(() => {});
      await clock.sleep(CONNECT_AGAIN_MS, stopping.signal).catch(() => {});
    }
  }

  return {
    name: "notices",
    async start() {
      working = work();
    },
    async stop() {
      stopping.abort();
      await working;
    },
  };
}
