/** `npm run bench -- NAME`: runs one named bench and writes its table, JSON and chart. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { endToEnd } from "./benches/end-to-end.ts";
import { pinSelfTo } from "./cores.ts";
import { type Bench, runBench } from "./harness.ts";
import { chart, table } from "./report.ts";

const BENCHES: readonly Bench[] = [endToEnd];

const HELP = `Usage: npm run bench -- NAME [--rounds 5] [--seconds 4] [--json]

Runs us, the peers and the physical limit in turn, and prints medians and ratios.
The table, the rounds as JSON and a chart go to bench/results/NAME.{txt,json,svg}.

Benches:
${BENCHES.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join("\n")}

Example: npm run bench -- end-to-end --rounds 3
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const bench = BENCHES.find(({ name }) => name === positionals[0]);
if (values.help || bench === undefined) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}

pinSelfTo(1);
const rows = await runBench(bench, {
  rounds: Number(values.rounds),
  secondsPerRound: Number(values.seconds),
  onProgress: (line) => process.stderr.write(`${line}\n`),
});
const about = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}, ${values.rounds} rounds of ${values.seconds} s`;
const result = { bench: bench.name, about, rows };
const folder = new URL("./results/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL(`${bench.name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
writeFileSync(new URL(`${bench.name}.svg`, folder), chart(bench, rows, about));
writeFileSync(new URL(`${bench.name}.txt`, folder), `${about}\n\n${table(bench, rows)}\n`);
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${table(bench, rows)}\n\n${about}\n`);
