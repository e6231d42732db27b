/** `poster.ts HOW URL SECONDS`: posts signed bodies as fast as it can, by `fetch` or by undici's `dispatch`. */
import { createHmac } from "node:crypto";
import { Pool } from "undici";

const [how, url = "", seconds = "1"] = process.argv.slice(2);
const IN_FLIGHT = 64;
const HOOKS = 100;
const SECRET = Buffer.alloc(32, 1);
const FILL = "x".repeat(1_024);

const pool = new Pool(url, { connections: IN_FLIGHT });
const send = how === "fetch" ? byFetch : byDispatch;
const endMs = performance.now() + Number(seconds) * 1_000;
let next = 0;
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    while (performance.now() < endMs) await post(next++);
  }),
);
await pool.close();

async function post(n: number): Promise<void> {
  const [id, timestamp] = [`dlv_${n}`, String(Math.floor(Date.now() / 1_000))];
  const event = { id: `evt_${n}`, type: "bench.sent", hook: `hok_${n % HOOKS}`, user: `user-${n % HOOKS}` };
  const body = JSON.stringify({ ...event, timestamp, data: { n, fill: FILL } });
  const mac = createHmac("sha256", SECRET).update(`${id}.${timestamp}.${body}`).digest("base64");
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${mac}`,
  };
  await send(`/${n % HOOKS}`, headers, body);
}

async function byFetch(path: string, headers: Record<string, string>, body: string): Promise<void> {
  const answer = await fetch(url + path, { method: "POST", headers, body });
  await answer.text();
}

function byDispatch(path: string, headers: Record<string, string>, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = {
      onRequestStart: () => {},
      onResponseStart: () => {},
      onResponseData: () => {},
      onResponseEnd: () => resolve(),
      onResponseError: (_: unknown, error: Error) => reject(error),
    };
    pool.dispatch({ path, method: "POST", headers, body }, done);
  });
}
