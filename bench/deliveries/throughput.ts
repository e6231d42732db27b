/**
 * From `POST /v1/events` to the receiver, with everything on. Contenders take turns, round after round, so that a
 * noisy machine is noisy for everybody; the limit is the bare `dispatch` that posts what the platform posts.
 */
import type { Bar, PartResult, Row, Sample } from "../bench.ts";
import { bareDispatch } from "../contenders/bare.ts";
import type { Entrant } from "../contenders/entrant.ts";
import { FORMS, ours, peers, SQLITE_NAME } from "../contenders/systems.ts";
import { type LoadForm, startClosedLoop } from "../load/closed-loop.ts";
import { ratioOf, rowOf } from "../measure/rows.ts";
import { PEER_NOTES } from "../peers/peer.ts";
import { type ReceiverKind, startReceiver } from "../receiver/receiver.ts";
import { publishOne } from "./publish-one.ts";
import { createSystems, type Prepared } from "./systems.ts";
import { takeTurn } from "./turn.ts";
import type { World } from "./world.ts";

interface Turns {
  readonly entrant: Entrant;
  readonly samples: Sample[];
}

/** Where most receivers run: `node:http`, which takes more of the cores that everybody shares. */
export async function throughputToNode(world: World): Promise<PartResult> {
  const receiver = await startReceiver("node:http");
  const systems = createSystems({ receiver, users: world.scale.users, onProgress: world.onProgress });
  try {
    const result = await throughput({ ...world, receiver, systems, tops: new Map() }, "node:http");
    const { notes, faults } = await systems.agree();
    return { ...result, notes: [...result.notes, ...notes], faults: [...result.faults, ...faults] };
  } finally {
    await systems.close();
    await receiver.close();
  }
}

export async function throughput(world: World, at: ReceiverKind = "sockets"): Promise<PartResult> {
  const services = await world.services();
  const prepared = await world.systems.prepare([...ours(services), ...peers(services)]);
  const limit = await limitBeside(world, prepared);
  const entrants = [limit, ...prepared.flatMap((one) => FORMS.map((form) => entrantOf(world, one, form)))];
  const turns = entrants.map((entrant): Turns => ({ entrant, samples: [] }));
  await runRounds(world, turns);
  await world.systems.close("peer");
  return resultOf(world, turns, { at, notes: services.missing.map(leftOut) });
}

async function limitBeside(world: World, [first]: readonly Prepared[]): Promise<Entrant> {
  if (first === undefined) throw new Error("There is nobody to compare the limit with.");
  await publishOne(world, first.under);
  const sample = await world.receiver.sample();
  await world.systems.take();
  const { receiverUrl: url, pathFirst, users: hooks } = world.systems.freePaths();
  return bareDispatch({ url, pathFirst, hooks, sample, takeNumbers: world.numbers.take });
}

function entrantOf(world: World, { system, under }: Prepared, form: LoadForm): Entrant {
  const { port, authorization, processes } = under;
  const target = { port, authorization, batch: form.batch, users: world.scale.users };
  return {
    name: rowName(system.name, form),
    kind: system.kind,
    form: form.name,
    processes,
    start: () => startClosedLoop(target, form, { ...world, outstandingMax: world.scale.outstandingMax }),
  };
}

export function rowName(system: string, form: LoadForm): string {
  return `${system}, ${form.name}`;
}

/** The first round is the warm-up and is thrown away. */
async function runRounds(world: World, turns: readonly Turns[]): Promise<void> {
  for (let round = 0; round <= world.rounds; round++) {
    for (const { entrant, samples } of turns) {
      world.onProgress(`${round === 0 ? "warm up " : `round ${round}/${world.rounds}`}  ${entrant.name}`);
      const seconds = round === 0 ? world.secondsPerRound / 2 : world.secondsPerRound;
      const sample = await takeTurn(entrant, world, seconds);
      if (round > 0) samples.push(sample);
    }
  }
}

const leftOut = (reason: string): string => `Left out: ${reason}`;

function resultOf(
  world: World,
  turns: readonly Turns[],
  { at, notes }: { readonly at: ReceiverKind; readonly notes: readonly string[] },
): PartResult {
  const limit = turns.find(({ entrant }) => entrant.kind === "limit")?.samples ?? [];
  const rows = turns.map(({ entrant, samples }): Row => {
    const row = rowOf(entrant.name, entrant.kind, samples);
    const ofLimit = ratioOf("delivered_per_s", samples, limit) * 100;
    return { ...row, values: { ...row.values, of_limit: ofLimit } };
  });
  for (const { name, values } of rows) world.tops.set(name, values["delivered_per_s"] ?? Number.NaN);
  const lost = turns.flatMap(({ entrant, samples }) =>
    entrant.kind === "us" && samples.some((sample) => (sample["lost"] ?? 0) > 0)
      ? [`${entrant.name}: events were lost`]
      : [],
  );
  return {
    part: at === "sockets" ? "throughput" : "throughput-node",
    title: `Events accepted and delivered: POST /v1/events to a receiver on ${NAMES[at]}`,
    columns: COLUMNS,
    rows,
    headline: "delivered_per_s",
    notes: [...NOTES, ...PEER_NOTES, ...notes],
    bars: FORMS.flatMap((form) => barsOf(form, turns, { at, limit })),
    faults: lost,
  };
}

const NAMES: Readonly<Record<ReceiverKind, string>> = { sockets: "bare sockets", "node:http": "node:http" };

const COLUMNS = [
  { name: "delivered_per_s", unit: "1/s", digits: 0 },
  { name: "of_limit", unit: "%", digits: 0 },
  { name: "accepted_per_s", unit: "1/s", digits: 0 },
  { name: "refused", unit: "events", digits: 0 },
  { name: "lost", unit: "events", digits: 0 },
  { name: "twice", unit: "events", digits: 0 },
  { name: "sender_us", unit: "µs/event", digits: 1 },
  { name: "service_us", unit: "µs/event", digits: 1 },
  { name: "receiver_us", unit: "µs/event", digits: 1 },
  { name: "load_us", unit: "µs/event", digits: 1 },
  { name: "cores_busy", unit: "cores", digits: 2 },
] as const;

const NOTES = [
  "µs/event: CPU time of each process for one event. sender: what is measured (its processes, if it has two); service: the database or queue server",
  "beside it; load: the generator. All share the machine's cores; what cores busy falls short of them was waited for, or taken by others.",
  "TruLinks: default options, but for log level warn. At most 2 000 events outstanding; 8 requests at once in batches, 64 of one event each.",
];

const LIMIT_SHARE: Readonly<Record<string, number>> = { "batches of 100": 0.5, "one event a request": 0.2 };
const PEER_TIMES = 3;

function barsOf(
  form: LoadForm,
  turns: readonly Turns[],
  { at, limit }: { readonly at: ReceiverKind; readonly limit: readonly Sample[] },
): readonly Bar[] {
  const us = turns.find(({ entrant }) => entrant.name === rowName(SQLITE_NAME, form))?.samples ?? [];
  const ofLimit = ratioOf("delivered_per_s", us, limit);
  const wanted = LIMIT_SHARE[form.name] ?? 0;
  const rivals = turns.filter(({ entrant }) => entrant.kind === "peer" && entrant.form === form.name);
  return [
    {
      what: `accepted to delivered at ${NAMES[at]}, ${form.name}, of bare dispatch`,
      wanted: `≥ ${(wanted * 100).toFixed(0)} %`,
      measured: `${(ofLimit * 100).toFixed(0)} %`,
      isMet: ofLimit >= wanted,
    },
    ...rivals.map(({ entrant, samples }) => {
      const times = ratioOf("delivered_per_s", us, samples);
      return {
        what: `the same beside ${entrant.name}`,
        wanted: `≥ ${PEER_TIMES} ×`,
        measured: Number.isFinite(times) ? `${times.toFixed(1)} ×` : "–",
        isMet: Number.isFinite(times) && times >= PEER_TIMES,
      };
    }),
  ];
}
