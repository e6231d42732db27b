/** Receivers that are posted nothing: they read their hooks' feeds by long poll, and acknowledge what they have read. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../measure/monotonic.ts";
import { createArrivalLog } from "../receiver/arrivals.ts";
import type { Destination, Stage } from "./troubles.ts";

interface FeedPage {
  readonly data: readonly { readonly sequence: number; readonly body?: string }[];
  readonly next: number;
}

const WAIT_S = 2;
const LIMIT = 200;
const LOOK_MS = 50;

/** They do not ask while the receiver at the tenant's port is away. */
export async function openFeedReader({ under, tenantPort }: Stage): Promise<Destination> {
  const log = createArrivalLog();
  let isClosed = false;

  async function follow(hook: string, index: number): Promise<void> {
    let after = 0;
    while (!isClosed) {
      if (!(await isThere(tenantPort))) {
        await sleep(LOOK_MS);
        continue;
      }
      const query = `after=${after}&limit=${LIMIT}&wait_s=${WAIT_S}`;
      const page = (await under.get(`/v1/hooks/${hook}/events?${query}`)) as FeedPage;
      for (const { sequence, body } of page.data) {
        if (body === undefined) throw new Error(`${sequence} of ${hook} cannot be read.`);
        const event = JSON.parse(Buffer.from(body, "base64").toString()) as {
          readonly data: { readonly n: number };
        };
        log.add(index, event.data.n, sequence, monotonicMs(), true);
      }
      if (page.data.length > 0) await under.post(`/v1/hooks/${hook}/events/ack`, { through: page.next });
      after = page.next;
    }
  }

  for (const hook of under.hookIds) await under.patch(`/v1/hooks/${hook}`, { state: "paused" });
  const following = Promise.all(under.hookIds.map(follow));
  following.catch(() => {});
  return {
    take: async () => log.take(),
    async close() {
      isClosed = true;
      await following;
    },
  };
}

/** Nobody posts there, but whether it listens says whether these readers ask. */
async function isThere(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
