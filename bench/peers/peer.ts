/**
 * What a user would write instead: an HTTP endpoint that puts jobs into a queue, and a worker that signs, posts with
 * `fetch` and keeps an attempt log. Each is written as its library's documentation shows, and tuned.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Watched } from "../measure/processes.ts";

/** What a peer's process is told. */
export interface PeerPlan {
  /** What it does: take events in, or send them. */
  readonly role: "endpoint" | "worker";
  /** Of Redis or PostgreSQL. */
  readonly serviceUrl: string;
  /** What its keys begin with. */
  readonly prefix: string;
  readonly receiverUrl: string;
  readonly pathFirst: number;
  readonly users: number;
}

export interface PeerUnderTest {
  readonly port: number;
  readonly authorization: string;
  processes(): readonly Watched[];
  close(): Promise<void>;
}

/** What was tuned, for whoever reads the figures. */
export const PEER_NOTES: readonly string[] = [
  "Peers: endpoint and worker in two processes, hooks in memory, an attempt logged for each post. BullMQ: 64 jobs at once, Redis appending with",
  "a sync every second. pg-boss: batches of 500 by two workers that do not pause while there is more, one insert for a batch of attempts.",
];

export type PeerName = "bullmq" | "pg-boss";

export async function preparePeer(
  name: PeerName,
  plan: Omit<PeerPlan, "role">,
  service: Watched,
): Promise<PeerUnderTest> {
  const started: PeerProcess[] = [];
  const close = async (): Promise<void> => {
    for (const { stop } of started.reverse()) await stop();
  };
  try {
    for (const role of ROLES) started.push(await startProcess(name, { ...plan, role }));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    port: Math.max(...started.map(({ port }) => port)),
    authorization: "Bearer peer",
    processes: () => [...started.map(({ pid }) => ({ role: "sender" as const, pid })), service],
    close,
  };
}

// One process is bound by its one thread, which costs 200 µs and more for each event; a third took from the other two.
const ROLES = ["endpoint", "worker"] as const;

interface PeerProcess {
  readonly pid: number;
  /** Of its endpoint; 0 where it has none. */
  readonly port: number;
  stop(): Promise<void>;
}

async function startProcess(name: PeerName, plan: PeerPlan): Promise<PeerProcess> {
  const file = fileURLToPath(new URL(`./${name}-process.ts`, import.meta.url));
  const child = fork(file, [JSON.stringify(plan)]);
  const gone = once(child, "exit");
  const ready = once(child, "message") as Promise<[number]>;
  const first = await Promise.race([ready, gone.then(() => null)]);
  if (first === null) throw new Error(`The peer ${name} ended before it was ready.`);
  return {
    pid: child.pid ?? 0,
    port: first[0],
    async stop() {
      if (child.connected) child.send("stop");
      await gone;
    },
  };
}
