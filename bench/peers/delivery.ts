/** One attempt as a user would write it: sign as Standard Webhooks say, `fetch`, ten seconds at most. */
import { createHmac } from "node:crypto";
import { userId } from "../load/request-bytes.ts";
import type { Job } from "./intake.ts";
import type { PeerPlan } from "./peer.ts";

export interface Attempt {
  readonly delivery: string;
  readonly number: number;
  readonly hook: string;
  readonly at: string;
  /** Null where no answer came. */
  readonly status: number | null;
  readonly ms: number;
}

interface Hook {
  readonly id: string;
  readonly url: string;
  readonly secret: Buffer;
}

export type Deliver = (delivery: string, number: number, job: Job) => Promise<Attempt>;

const DEADLINE_MS = 10_000;

/** The hooks are in memory: a peer spares itself the look-up that we pay for. */
export function createDeliver({ receiverUrl, pathFirst, users }: PeerPlan): Deliver {
  const hooks = new Map<string, Hook>();
  for (let index = 0; index < users; index++) {
    const secret = Buffer.alloc(32, index);
    hooks.set(userId(index), { id: `hok_${index}`, url: `${receiverUrl}/${pathFirst + index}`, secret });
  }

  return async (delivery, number, { event, type, user, timestamp, data }) => {
    const hook = hooks.get(user);
    if (hook === undefined) throw new Error(`There is no hook of ${user}.`);
    const body = JSON.stringify({ id: event, type, timestamp, hook: hook.id, user, data });
    const startMs = Date.now();
    const seconds = String(Math.floor(startMs / 1_000));
    const mac = createHmac("sha256", hook.secret).update(`${delivery}.${seconds}.${body}`).digest("base64");
    const status = await post(hook.url, body, {
      "content-type": "application/json",
      "webhook-id": delivery,
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${mac}`,
    });
    const at = new Date(startMs).toISOString();
    return { delivery, number, hook: hook.id, at, status, ms: Date.now() - startMs };
  };
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const answer = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal });
    await answer.text();
    return answer.status;
  } catch {
    return null;
  }
}

export function isDelivered({ status }: Attempt): boolean {
  return status !== null && status >= 200 && status < 300;
}
