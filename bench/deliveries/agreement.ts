/** Whether the store tells of each delivery what the receiver saw of it, after the process was killed and started again. */
import { setTimeout as sleep } from "node:timers/promises";
import { inLanes } from "../contenders/in-lanes.ts";
import type { PlatformUnderTest } from "../contenders/platform.ts";
import type { Arrivals } from "../receiver/arrivals.ts";
import { countSeen, type SeenOfHook } from "./seen.ts";

export interface Seen {
  /** All that came to the receiver; what is taken from it is added. */
  readonly arrivals: readonly Arrivals[];
  readonly pathFirst: number;
  /** Which users' hooks are looked at; all of them if left out. */
  readonly isWanted?: (index: number) => boolean;
}

export interface Agreement {
  readonly deliveries: number;
  readonly seenTwice: number;
  /** In words; empty where both tell the same. */
  readonly faults: readonly string[];
}

export interface DeliveryTold {
  readonly id: string;
  readonly sequence: number;
  readonly state: string;
}

interface DeliveryPage {
  readonly data: readonly DeliveryTold[];
  readonly next: string | null;
}

const LANES = 4;
const PAGE = 200;
const DONE_MS_MAX = 60_000;
const POLL_MS = 100;
const FAULTS_MAX = 5;

/**
 * Kills the process as a power cut would, right after its last answer, and starts it again. `take` adds to the
 * arrivals what came meanwhile.
 */
export async function agreeAfterRestart(
  under: PlatformUnderTest,
  take: () => Promise<unknown>,
  { arrivals, pathFirst, isWanted = () => true }: Seen,
): Promise<Agreement> {
  await under.platform.kill();
  await under.platform.start();
  const indexes = [...under.hookIds.keys()].filter(isWanted);
  await inLanes(indexes.length, LANES, (at) => untilNothingWaits(under, indexes[at] ?? 0));
  await take();
  const seen = countSeen(arrivals, pathFirst, under.hookIds.length);

  const found = await inLanes(indexes.length, LANES, (at) => compareHook(under, indexes[at] ?? 0, seen));
  const faults = found.flatMap((one) => one.faults);
  return {
    deliveries: found.reduce((sum, one) => sum + one.deliveries, 0),
    seenTwice: indexes.reduce((sum, index) => sum + (seen[index]?.twice ?? 0), 0),
    faults:
      faults.length > FAULTS_MAX ? [...faults.slice(0, FAULTS_MAX), `… ${faults.length} in all`] : faults,
  };
}

export function sentence(name: string, { deliveries, seenTwice, faults }: Agreement): string {
  const story = `${name}, killed and started again: ${deliveries.toLocaleString("en-US")} deliveries by GET /v1/deliveries`;
  if (faults.length > 0) return `${story}; the receiver saw something else`;
  const twice = seenTwice === 0 ? "" : `, ${seenTwice} more than once`;
  return `${story}, all \`delivered\` with sequences without holes, and the receiver saw each of them${twice}.`;
}

async function untilNothingWaits({ get, hookIds }: PlatformUnderTest, index: number): Promise<void> {
  const path = `/v1/deliveries?hook=${hookIds[index]}&state=waiting&limit=1`;
  const deadlineMs = Date.now() + DONE_MS_MAX;
  while (((await get(path)) as DeliveryPage).data.length > 0 && Date.now() < deadlineMs) await sleep(POLL_MS);
}

async function compareHook(
  under: PlatformUnderTest,
  index: number,
  seen: readonly SeenOfHook[],
): Promise<{ readonly deliveries: number; readonly faults: readonly string[] }> {
  const hook = under.hookIds[index] ?? "";
  const deliveries: DeliveryTold[] = [];
  for await (const delivery of deliveriesOf(under, hook)) deliveries.push(delivery);
  const sequences = seen[index]?.sequences ?? new Set();
  return { deliveries: deliveries.length, faults: disagreements(hook, deliveries, sequences) };
}

/** What the store tells of one hook's deliveries, held against the sequences that its receiver answered. */
export function disagreements(
  hook: string,
  deliveries: readonly DeliveryTold[],
  seen: ReadonlySet<number>,
): readonly string[] {
  const told = new Set(deliveries.map(({ sequence }) => sequence));
  const highest = Math.max(0, ...told);
  return [
    ...deliveries.filter(({ state }) => state !== "delivered").map(({ id, state }) => `${id} is ${state}`),
    ...deliveries
      .filter(({ state, sequence }) => state === "delivered" && !seen.has(sequence))
      .map(({ id }) => `${id} is delivered, and the receiver never saw it`),
    ...[...seen]
      .filter((sequence) => !told.has(sequence))
      .map((sequence) => `the receiver saw ${sequence} of ${hook}, and the store has none`),
    ...(told.size === deliveries.length && highest === told.size
      ? []
      : [`${hook} has ${deliveries.length} deliveries, numbered up to ${highest}`]),
  ];
}

async function* deliveriesOf({ get }: PlatformUnderTest, hook: string) {
  let cursor = "";
  for (;;) {
    const page = (await get(`/v1/deliveries?hook=${hook}&limit=${PAGE}${cursor}`)) as DeliveryPage;
    yield* page.data;
    if (page.next === null) return;
    cursor = `&cursor=${page.next}`;
  }
}
