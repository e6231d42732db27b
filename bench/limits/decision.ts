/** How long one decision takes. Deciders take turns within each round, so that the machine's noise meets all. */
import type { Bar, BenchOptions, PartResult, Row, Sample } from "../bench.ts";
import { ratioOf, rowOf } from "../measure/rows.ts";
import { percentile } from "../measure/statistics.ts";
import { allLimits, bareWindow, type Decider, firstSight, flexibleFour, flexibleOne } from "./deciders.ts";

/** As many as are told apart by one timing; reading the clock costs as much as deciding. */
const BATCH = 100;
const ORDER_LENGTH = 1_000_000;
const MANY_CALLERS = { full: 1_000_000, quick: 10_000 };
const CALLERS = { full: 10_000, quick: 1_000 };
const NS_PER_MS = 1e6;

export async function decision({
  isQuick,
  rounds,
  secondsPerRound,
  onProgress,
}: BenchOptions): Promise<PartResult> {
  const scale = isQuick ? "quick" : "full";
  const callers = CALLERS[scale];
  const many = MANY_CALLERS[scale];
  const few = orderOf(callers);
  const entrants: readonly { readonly decider: Decider; readonly order: Uint32Array; readonly of: number }[] =
    [
      { decider: allLimits(callers, true), order: few, of: callers },
      { decider: allLimits(callers, false), order: few, of: callers },
      { decider: flexibleOne(callers), order: few, of: callers },
      { decider: flexibleFour(callers), order: few, of: callers },
      { decider: bareWindow(callers), order: few, of: callers },
      { decider: allLimits(many, true), order: orderOf(many), of: many },
      { decider: firstSight(many), order: few, of: many },
    ];
  const samples: Sample[][] = entrants.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { decider, order, of }] of entrants.entries()) {
      onProgress(`decision  round ${round}/${rounds}  ${decider.name}, of ${of}`);
      samples[index]?.push(await takeTurn(decider, order, secondsPerRound));
    }
  }
  const rows = entrants.map(({ decider, of }, index) =>
    rowOf(`${decider.name}, of ${of.toLocaleString("en-US")}`, decider.kind, samples[index] ?? []),
  );
  return {
    part: "decision",
    title: "One decision",
    columns: COLUMNS,
    rows,
    headline: "ns_p50",
    notes: [
      `Callers in random order; of ten requests eight read, one writes, one creates content; the end of the request included.`,
      `ns are means of ${BATCH} decisions in a row; all limits: quota by resource, requests at once, write pacing, points, content by minute and hour.`,
    ],
    bars: barsOf(rows),
    faults: [],
  };
}

const COLUMNS = [
  { name: "ns_p50", unit: "ns", digits: 0 },
  { name: "ns_p99", unit: "ns", digits: 0 },
  { name: "decisions_per_s", unit: "per s", digits: 0 },
] as const;

/** The same order for all, from a generator that gives it again in every run. */
function orderOf(callers: number): Uint32Array {
  let state = 0x2545f491;
  return Uint32Array.from({ length: ORDER_LENGTH }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * callers);
  });
}

async function takeTurn(decider: Decider, order: Uint32Array, seconds: number): Promise<Sample> {
  const begunMs = performance.now();
  const ns: number[] = [];
  let from = 0;
  // The clock of the limits goes on by a millisecond each batch: windows begin and end, as they do in life.
  for (let nowMs = Date.now(); performance.now() - begunMs < seconds * 1_000; nowMs++) {
    const startMs = performance.now();
    const running = decider.run(order, from, BATCH, nowMs);
    if (running instanceof Promise) await running;
    ns.push(((performance.now() - startMs) * NS_PER_MS) / BATCH);
    from = (from + BATCH) % (order.length - BATCH);
  }
  const totalNs = ns.reduce((sum, one) => sum + one, 0);
  return {
    ns_p50: percentile(ns, 0.5),
    ns_p99: percentile(ns, 0.99),
    decisions_per_s: (1e9 * ns.length) / totalNs,
  };
}

function barsOf(rows: readonly Row[]): readonly Bar[] {
  const [resolved, , one, , , , first] = rows;
  if (!resolved || !one || !first) throw new Error("a row is missing");
  const ns = (row: Row): number => row.values["ns_p50"] ?? Number.NaN;
  const ratio = ratioOf("ns_p50", one.rounds, resolved.rounds);
  return [
    {
      what: "all limits, caller resolved, p50",
      wanted: "≤ 1,000 ns",
      measured: `${ns(resolved).toFixed(0)} ns`,
      isMet: ns(resolved) <= 1_000,
    },
    {
      what: "first sight of a caller, p50",
      wanted: "≤ 5,000 ns",
      measured: `${ns(first).toFixed(0)} ns`,
      isMet: ns(first) <= 5_000,
    },
    {
      what: "all our limits against one of rate-limiter-flexible",
      wanted: "≥ 3 ×",
      measured: `${ratio.toFixed(1)} ×`,
      isMet: ratio >= 3,
    },
  ];
}
