/**
 * From `POST /v1/events` to the receiver, with everything on: durable accept (FULL sync), sequence, signature,
 * attempt recorded. The limit is the bare `dispatch` of undici that posts bodies of the same size, signed, to the same receiver.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Agent, request } from "undici";
import { type Platform, startPlatform } from "../../test/platform.ts";
import { pinnedTo } from "../cores.ts";
import { type Bench, type Contender, percentile, type Sample } from "../harness.ts";
import { type Receiver, startReceiver } from "../receiver.ts";

const PAYLOAD_BYTES = 1_024;
const HOOKS = 100;
const SETTLE_MS = 3_000;

export const endToEnd: Bench = {
  name: "end-to-end",
  summary: "Events accepted and delivered: POST /v1/events to the receiver",
  headline: "delivered_per_s",
  metrics: [
    { name: "accepted_per_s", unit: "1/s", digits: 0 },
    { name: "delivered_per_s", unit: "1/s", digits: 0 },
    { name: "lost", unit: "events", digits: 0 },
    { name: "p50_ms", unit: "ms from 202", digits: 1 },
    { name: "p99_ms", unit: "ms from 202", digits: 1 },
  ],
  async contenders() {
    return [
      platform("trulinks, batches of 100", { batch: 100, inFlight: 8, env: {} }),
      platform("trulinks, one event a request", { batch: 1, inFlight: 64, env: {} }),
      ...postgres(),
      fetchInProcess,
      bareDispatch,
    ];
  },
};

interface Load {
  readonly batch: number;
  readonly inFlight: number;
  readonly env: Readonly<Record<string, string>>;
}

function postgres(): readonly Contender[] {
  const url = process.env["TRULINKS_BENCH_POSTGRES_URL"];
  if (url === undefined) return [];
  const env = { TRULINKS_DATABASE_URL: url, TRULINKS_SECRET_KEY: Buffer.alloc(32, 7).toString("base64") };
  return [platform("trulinks on PostgreSQL, batches of 100", { batch: 100, inFlight: 8, env })];
}

function platform(name: string, load: Load): Contender {
  return {
    name,
    kind: "us",
    async prepare() {
      const receiver = await startReceiver();
      const running = await startPlatform({ under: pinnedTo(0), env: load.env });
      const agent = new Agent({ connections: load.inFlight });
      const post = poster(running, agent);
      for (let index = 0; index < HOOKS; index++) {
        await post("/v1/users", { id: `user-${index}` });
        await post("/v1/hooks", { user: `user-${index}`, url: `${receiver.url}/${index}`, events: ["*"] });
      }
      return {
        run: (seconds) => round(receiver, post, load, seconds),
        async close() {
          await agent.close();
          await running.dispose();
          await receiver.close();
        },
      };
    },
  };
}

type Post = (path: string, body: unknown) => Promise<number>;

function poster({ providerUrl, operatorKey }: Platform, dispatcher: Agent): Post {
  const headers = { authorization: `Bearer ${operatorKey}`, "content-type": "application/json" };
  return async (path, body) => {
    const answer = await request(providerUrl + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      dispatcher,
    });
    await answer.body.dump();
    return answer.statusCode;
  };
}

/** Half of the time as fast as it goes, for the throughput; half at half of that rate, for the latency. */
async function round(receiver: Receiver, post: Post, load: Load, seconds: number): Promise<Sample> {
  const full = await asFastAsItGoes(receiver, post, load, seconds / 2);
  const latencies = await atRate(receiver, post, load, full.deliveredPerS / 2, seconds / 2);
  return {
    accepted_per_s: full.acceptedPerS,
    delivered_per_s: full.deliveredPerS,
    lost: full.lost,
    p50_ms: percentile(latencies, 0.5),
    p99_ms: percentile(latencies, 0.99),
  };
}

async function asFastAsItGoes(
  receiver: Receiver,
  post: Post,
  { batch, inFlight }: Load,
  seconds: number,
): Promise<{ acceptedPerS: number; deliveredPerS: number; lost: number }> {
  receiver.reset();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let next = 0;
  let accepted = 0;
  const lanes = Array.from({ length: inFlight }, async () => {
    while (performance.now() < endMs) {
      const first = next;
      next += batch;
      if ((await post(...eventsFrom(first, batch))) === 202) accepted += batch;
    }
  });
  await Promise.all(lanes);
  const acceptedMs = performance.now() - startMs;
  await receiver.settled(accepted, SETTLE_MS);
  const lastMs = Math.max(...receiver.arrivals.values(), startMs + 1);
  return {
    acceptedPerS: (accepted / acceptedMs) * 1_000,
    deliveredPerS: (receiver.arrivals.size / (lastMs - startMs)) * 1_000,
    lost: accepted - receiver.arrivals.size,
  };
}

/** Open loop: requests leave by the clock, whether or not earlier ones were answered. */
async function atRate(
  receiver: Receiver,
  post: Post,
  { batch }: Load,
  eventsPerS: number,
  seconds: number,
): Promise<readonly number[]> {
  receiver.reset();
  const answeredMs = new Map<number, number>();
  const gapMs = (batch / eventsPerS) * 1_000;
  const startMs = performance.now();
  const under: Promise<void>[] = [];
  const count = Math.floor((seconds * 1_000) / gapMs);
  for (let index = 0; index < count; index++) {
    const waitMs = startMs + index * gapMs - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const first = index * batch;
    under.push(
      post(...eventsFrom(first, batch)).then(() => {
        const nowMs = performance.now();
        for (let n = first; n < first + batch; n++) answeredMs.set(n, nowMs);
      }),
    );
  }
  await Promise.all(under);
  await receiver.settled(count * batch, SETTLE_MS);
  // An event may arrive before its 202 has been read: that is no waiting at all.
  return [...receiver.arrivals].map(([n, atMs]) => Math.max(0, atMs - (answeredMs.get(n) ?? atMs)));
}

const FILL = "x".repeat(PAYLOAD_BYTES - 40);

function eventsFrom(first: number, count: number): [string, unknown] {
  const events = Array.from({ length: count }, (_, index) => {
    const n = first + index;
    return { type: "bench.sent", users: [`user-${n % HOOKS}`], data: { n, fill: FILL } };
  });
  return count === 1 ? ["/v1/events", events[0]] : ["/v1/events/batch", { events }];
}

/** What a provider writes first: sign and `fetch`, nothing stored, nothing retried. */
const fetchInProcess = posting("fetch, signed, nothing stored", "peer", "fetch");

const bareDispatch = posting("bare undici dispatch, signed", "limit", "dispatch");

const POSTER = fileURLToPath(new URL("../poster.ts", import.meta.url));

/** A process on the core that the platform has in its turn, posting to a receiver on the other one. */
function posting(name: string, kind: "peer" | "limit", how: string): Contender {
  return {
    name,
    kind,
    async prepare() {
      const receiver = await startReceiver();
      return {
        async run(seconds) {
          receiver.reset();
          const args = [...pinnedTo(0), process.execPath, POSTER, how, receiver.url, String(seconds)];
          const child = spawn(args[0] ?? "", args.slice(1), { stdio: ["ignore", "ignore", "inherit"] });
          await once(child, "exit");
          const times = [...receiver.arrivals.values()];
          const spanS = (Math.max(...times) - Math.min(...times)) / 1_000;
          return { accepted_per_s: times.length / spanS, delivered_per_s: times.length / spanS, lost: 0 };
        },
        close: () => receiver.close(),
      };
    },
  };
}
