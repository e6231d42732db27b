/** The run that no sender publishes: everything breaks while events come in, and what was acknowledged is counted. */

import { findOrInstallPostgres } from "../../test/services/postgres-programs.ts";
import type { Bar, Bench, BenchOptions, PartResult, Row } from "../bench.ts";
import { POSTGRES_NAME, SQLITE_NAME } from "../contenders/systems.ts";
import { rowOf } from "../measure/rows.ts";
import { ABSENCES } from "./absences.ts";
import { FULL, QUICK } from "./scale.ts";
import { type EngineName, runTrial } from "./trial.ts";
import { TROUBLES, type Trouble } from "./troubles.ts";

const ALL: readonly Trouble[] = [...TROUBLES, ...ABSENCES];
const NAMES: Readonly<Record<EngineName, string>> = { sqlite: SQLITE_NAME, postgres: POSTGRES_NAME };

export const survive: Bench = {
  name: "survive",
  summary: "What is left after kills, a database that is gone, and receivers that hang, drip and refuse",
  parts: ALL.map(({ part }) => part),
  async run(options) {
    const hasPostgres = await postgresThere();
    const results: PartResult[] = [];
    for (const trouble of ALL.filter(({ part }) => options.only.includes(part))) {
      const engines = trouble.engines.filter((engine) => engine === "sqlite" || hasPostgres);
      results.push(await runPart(trouble, engines, options));
    }
    return results;
  },
};

async function postgresThere(): Promise<boolean> {
  try {
    await findOrInstallPostgres();
    return true;
  } catch (error) {
    // Where a build is judged, a row that is silently missing would look like a pass.
    if (process.env["CI"] !== undefined) throw error;
    return false;
  }
}

async function runPart(
  trouble: Trouble,
  engines: readonly EngineName[],
  { isQuick, rounds, onProgress }: BenchOptions,
): Promise<PartResult> {
  const rows: Row[] = [];
  const faults: string[] = [];
  for (const engine of engines) {
    const samples = [];
    for (let round = 1; round <= rounds; round++) {
      onProgress(`${trouble.part}  round ${round}/${rounds}  ${NAMES[engine]}`);
      const result = await runTrial(trouble, engine, isQuick ? QUICK : FULL);
      samples.push(result.sample);
      faults.push(...result.faults.map((fault) => `${NAMES[engine]}: ${fault}`));
    }
    rows.push(rowOf(NAMES[engine], "us", samples));
  }
  return {
    part: trouble.part,
    title: trouble.title,
    columns: COLUMNS,
    rows,
    headline: null,
    notes: NOTES,
    bars: rows.flatMap((row) => barsOf(trouble.part, row)),
    faults,
  };
}

const COLUMNS = [
  { name: "accepted", unit: "events", digits: 0 },
  { name: "received", unit: "events", digits: 0 },
  { name: "lost", unit: "events", digits: 0 },
  { name: "twice", unit: "requests", digits: 0 },
  { name: "untaken", unit: "requests", digits: 0 },
  { name: "late", unit: "> 1 s", digits: 0 },
  { name: "failed_tries", unit: "of the provider", digits: 0 },
  { name: "resume_ms", unit: "ms, longest", digits: 0 },
  { name: "p99_before_ms", unit: "ms, healthy", digits: 1 },
  { name: "p50_ms", unit: "ms, healthy", digits: 1 },
  { name: "p99_ms", unit: "ms, healthy", digits: 1 },
] as const;

const NOTES = [
  "twice: requests beyond the first that the receiver took of an event; untaken: requests that it hung, dripped or refused;",
  "failed tries: how often the provider had to report an event again; ms from the 202 to the arrival at the hooks that are well.",
];

function barsOf(part: string, { name, rounds }: Row): readonly Bar[] {
  const lost = rounds.reduce((sum, round) => sum + (round["lost"] ?? Number.NaN), 0);
  return [{ what: `lost in ${part}: ${name}`, wanted: "0", measured: String(lost), isMet: lost === 0 }];
}
