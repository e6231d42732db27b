/** Posts signed bodies as fast as it can, by undici's `dispatch`, until it is told to stop. */
import { createHmac } from "node:crypto";
import { type Dispatcher, Pool } from "undici";
import type { BarePlan } from "./bare.ts";

const plan = JSON.parse(process.argv[2] ?? "") as BarePlan;
// Tried: 32, 64, 128 and 256 connections are the same within the noise.
const IN_FLIGHT = 64;
const NUMBER = /"n":(\d+)/;

const [found = "", digits = ""] = NUMBER.exec(plan.body) ?? [];
const numberAt = plan.body.indexOf(found) + found.length - digits.length;
const bodyStart = plan.body.slice(0, numberAt);
const bodyEnd = plan.body.slice(numberAt + digits.length);

const headers = plan.headers.flat();
const valueAt = (name: string): number =>
  headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name) + 1;
const [idAt, deliveryAt] = [valueAt("webhook-id"), valueAt("trulinks-delivery")];
const [timestampAt, signatureAt] = [valueAt("webhook-timestamp"), valueAt("webhook-signature")];
const idStart = headers[idAt]?.slice(0, -digits.length) ?? "";

const keys = Array.from({ length: plan.hooks }, (_, hook) => Buffer.alloc(32, hook));
const pool = new Pool(plan.url, { connections: IN_FLIGHT });
let next = plan.numberFirst;
let underWay = 0;
let isStopping = false;

function post(): void {
  const n = next++;
  const hook = n % plan.hooks;
  const id = `${idStart}${n}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = Buffer.from(`${bodyStart}${n}${bodyEnd}`);
  const hmac = createHmac("sha256", keys[hook] ?? "")
    .update(`${id}.${timestamp}.`)
    .update(body);

  const own = headers.slice();
  own[idAt] = id;
  own[deliveryAt] = id;
  own[timestampAt] = timestamp;
  own[signatureAt] = `v1,${hmac.digest("base64")}`;
  underWay += 1;
  pool.dispatch({ path: `/${plan.pathFirst + hook}`, method: "POST", headers: own, body }, handler);
}

const handler: Dispatcher.DispatchHandler = {
  onRequestStart: () => {},
  onResponseStart: () => {},
  onResponseData: () => {},
  onResponseEnd() {
    underWay -= 1;
    if (!isStopping) post();
    else if (underWay === 0) process.exit();
  },
  onResponseError(_, error) {
    throw error;
  },
};

process.on("message", () => {
  isStopping = true;
});
process.on("disconnect", () => process.exit());
for (let index = 0; index < IN_FLIGHT; index++) post();
process.send?.("started");
