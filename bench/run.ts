/** `npm run bench -- NAME`: runs one named bench and writes its tables, JSON and chart. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import type { Bench, PartResult } from "./bench.ts";
import { type BenchRun, ROUNDS, readCommandLine, SECONDS } from "./command-line.ts";
import { deliveries } from "./deliveries/deliveries.ts";
import { feed } from "./feed/feed.ts";
import { limits } from "./limits/limits.ts";
import { records } from "./records/records.ts";
import { chart } from "./report/chart.ts";
import { textOf } from "./report/text.ts";
import { survive } from "./survive/survive.ts";

const BENCHES: readonly Bench[] = [deliveries, survive, limits, records, feed];

const HELP = `Usage: npm run bench -- NAME [--only PART,…] [--rounds ${ROUNDS.default}] [--seconds ${SECONDS.default}] [--rows N] [--quick] [--json]

Runs us, the peers and the physical limit in turn, and prints medians and ratios. A whole run also writes them to
bench/results/NAME.{txt,json,svg}. --quick shows in seconds that everything works, and not how fast.

Benches:
${BENCHES.map(({ name, summary, parts }) => `  ${name}  ${summary}\n    parts: ${parts.join(", ")}`).join("\n")}

PostgreSQL and Redis are started where they are installed, or may be (Debian, as root); TRULINKS_TEST_POSTGRES_URL and
TRULINKS_TEST_REDIS_URL name others. Without them their rows are left out; in CI that is an error.

Example: npm run bench -- deliveries --only throughput,latency --rounds 3
`;

// What shells expect of a program that Ctrl-C ended.
const STOPPED = 130;
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    isStopped = true;
  });
}

const command = readCommandLine(
  process.argv.slice(2),
  Object.fromEntries(BENCHES.map(({ name, parts }) => [name, parts])),
);
switch (command.kind) {
  case "help":
    process.stdout.write(HELP);
    break;
  case "wrong":
    process.stderr.write(`${command.message} See: npm run bench -- --help\n`);
    process.exitCode = 2;
    break;
  case "run":
    for (const bench of BENCHES.filter(({ name }) => name === command.name)) {
      await measure(bench, command).catch((error: unknown) => {
        if (!isStopped) throw error;
        process.exitCode = STOPPED;
      });
    }
    break;
  default:
    command satisfies never;
}

async function measure(bench: Bench, run: BenchRun): Promise<void> {
  const busyBefore = loadavg()[0] ?? 0;
  const onProgress = (line: string): void => {
    // Whoever hears this ends what it began: millions of rows must not be left behind.
    if (isStopped) throw new Error("The bench was stopped.");
    const elapsedS = Math.round(performance.now() / 1_000);
    process.stderr.write(`${String(elapsedS).padStart(5)} s  ${line}\n`);
  };
  const results = await bench.run({ ...run, onProgress });

  const { rounds, secondsPerRound } = run;
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`;
  const length = `${rounds} ${rounds === 1 ? "round" : "rounds"} of ${secondsPerRound} s`;
  const size = run.isQuick ? ", small numbers of everything" : "";
  const about = `${machine}, ${length}${size}; load average before: ${busyBefore.toFixed(1)}`;
  const isWhole = !run.isQuick && run.only.length === bench.parts.length;
  if (isWhole) write(bench, about, results);
  const json = JSON.stringify({ bench: bench.name, about, parts: results });
  process.stdout.write(run.asJson ? `${json}\n` : `${textOf(results, !run.isQuick)}\n\n${about}\n`);
  // A slow machine may miss a bar; nothing excuses a fault.
  if (results.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
}

function write(bench: Bench, about: string, parts: readonly PartResult[]): void {
  const folder = new URL("./results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const result = { bench: bench.name, about, parts };
  writeFileSync(new URL(`${bench.name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(new URL(`${bench.name}.svg`, folder), chart(bench.summary, about, parts));
  writeFileSync(new URL(`${bench.name}.txt`, folder), `${about}\n\n${textOf(parts, true)}\n`);
}
