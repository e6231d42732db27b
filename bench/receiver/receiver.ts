/** The receiver as the bench has it: a process that is asked. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Arrivals } from "./arrivals.ts";

export interface Mark {
  /** Requests that were taken so far: answered with 204. */
  readonly count: number;
  readonly atMs: number;
}

/**
 * At once with 204; not at all; a byte of a body without end now and then; as if nobody were there; or with 429 and for
 * how long to stay away.
 */
export type Manner =
  | { readonly kind: "answers" | "hangs" | "drips" | "away" }
  | { readonly kind: "busy"; readonly retryAfterS: number };

export interface Receiver {
  readonly pid: number;
  readonly url: string;
  /** Listens on so many further ports. */
  listen(ports: number): Promise<readonly number[]>;
  /** How what comes to these ports is answered from here on. */
  behave(ports: readonly number[], manner: Manner): Promise<void>;
  mark(): Promise<Mark>;
  /** All that came since the last taking. */
  take(): Promise<Arrivals>;
  /** The request that came last, head and body. */
  sample(): Promise<string>;
  /** Tells how many requests were answered so far, every few milliseconds, until what it answers with is called. */
  watch(onCount: (count: number) => void): Promise<() => Promise<void>>;
  /** Resolves when `count` requests were answered in all, or when none was for `quietMs`; with how many were. */
  settled(count: number, quietMs: number): Promise<number>;
  close(): Promise<void>;
}

export type Ask =
  | { readonly kind: "listen"; readonly ports: number }
  | { readonly kind: "behave"; readonly ports: readonly number[]; readonly manner: Manner }
  | { readonly kind: "mark" }
  | { readonly kind: "take" }
  | { readonly kind: "sample" }
  | { readonly kind: "watch"; readonly everyMs: number | null };

export type Tell =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "count"; readonly count: number };

const PROCESS = fileURLToPath(new URL("./receiver-process.ts", import.meta.url));
// At 20 000 events a second 200 come between two tellings: few beside those that are outstanding.
const WATCH_MS = 10;
const POLL_MS = 20;

/** What it speaks HTTP with: bare sockets, which cost least, or the server that most receivers are built on. */
export type ReceiverKind = "sockets" | "node:http";

/** One of `node:http` knows no manners but to answer. */
export async function startReceiver(kind: ReceiverKind = "sockets"): Promise<Receiver> {
  const child = fork(PROCESS, [kind], { serialization: "advanced" });
  const { ask, onCount } = conversation(child);
  const [port] = (await ask({ kind: "listen", ports: 1 })) as readonly number[];

  const mark = () => ask({ kind: "mark" }) as Promise<Mark>;
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    listen: (ports) => ask({ kind: "listen", ports }) as Promise<readonly number[]>,
    behave: async (ports, manner) => void (await ask({ kind: "behave", ports, manner })),
    mark,
    take: () => ask({ kind: "take" }) as Promise<Arrivals>,
    sample: () => ask({ kind: "sample" }) as Promise<string>,
    async watch(listener) {
      onCount(listener);
      await ask({ kind: "watch", everyMs: WATCH_MS });
      return async () => {
        await ask({ kind: "watch", everyMs: null });
        onCount(() => {});
      };
    },
    async settled(count, quietMs) {
      let last = await mark();
      let changedMs = last.atMs;
      while (last.count < count && last.atMs - changedMs < quietMs) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        const now = await mark();
        if (now.count !== last.count) changedMs = now.atMs;
        last = now;
      }
      return last.count;
    },
    async close() {
      if (!child.connected) return;
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}

function conversation(child: ChildProcess) {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let listener: (count: number) => void = () => {};
  let nextId = 0;
  child.on("message", (message: Tell) => {
    if (message.kind === "count") return listener(message.count);
    waiting.get(message.id)?.resolve(message.answer);
    waiting.delete(message.id);
  });
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("The receiver has ended."));
  });
  return {
    onCount(listen: (count: number) => void) {
      listener = listen;
    },
    ask(ask: Ask): Promise<unknown> {
      const id = nextId++;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(id, answer);
      child.send({ id, ask }, (error) => error !== null && answer.reject(error));
      return answer.promise;
    },
  };
}
