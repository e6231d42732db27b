/** `npm run bench -- NAME`: runs one named bench and writes its table, JSON and chart. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { endToEnd } from "./benches/end-to-end.ts";
import { type BenchRun, ROUNDS, readCommandLine, SECONDS } from "./command-line.ts";
import { pinSelfTo } from "./cores.ts";
import { type Bench, runBench } from "./harness.ts";
import { chart, table } from "./report.ts";

const BENCHES: readonly Bench[] = [endToEnd];

const HELP = `Usage: npm run bench -- NAME [--rounds ${ROUNDS.default}] [--seconds ${SECONDS.default}] [--json]

Runs us, the peers and the physical limit in turn, and prints medians and ratios.
The table, the rounds as JSON and a chart go to bench/results/NAME.{txt,json,svg}.

Benches:
${BENCHES.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join("\n")}

Where TRULINKS_BENCH_POSTGRES_URL names an empty database, the platform on PostgreSQL runs beside the others.

Example: npm run bench -- end-to-end --rounds 3
`;

const names = BENCHES.map(({ name }) => name);
const command = readCommandLine(process.argv.slice(2), names);
switch (command.kind) {
  case "help":
    process.stdout.write(HELP);
    break;
  case "wrong":
    process.stderr.write(`${command.message} See: npm run bench -- --help\n`);
    process.exitCode = 2;
    break;
  case "run":
    for (const bench of BENCHES.filter(({ name }) => name === command.name)) await measure(bench, command);
    break;
  default:
    command satisfies never;
}

async function measure(bench: Bench, { rounds, secondsPerRound, asJson }: BenchRun): Promise<void> {
  pinSelfTo(1);
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const rows = await runBench(bench, { rounds, secondsPerRound, onProgress });

  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`;
  const about = `${machine}, ${rounds} ${rounds === 1 ? "round" : "rounds"} of ${secondsPerRound} s`;
  const result = { bench: bench.name, about, rows };
  const folder = new URL("./results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${bench.name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(new URL(`${bench.name}.svg`, folder), chart(bench, rows, about));
  writeFileSync(new URL(`${bench.name}.txt`, folder), `${about}\n\n${table(bench, rows)}\n`);
  process.stdout.write(asJson ? `${JSON.stringify(result)}\n` : `${table(bench, rows)}\n\n${about}\n`);
}
