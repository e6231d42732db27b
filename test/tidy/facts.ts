/** What the house says about itself: the tables that documents are made from, read by importing them. */
import assert from "node:assert/strict";
import { ERRORS, type ErrorEntry } from "@trulinks/protocol";
import type { Command } from "commander";

export interface CommandFact {
  /** As it is typed, such as `trulinks config check`. */
  readonly name: string;
  readonly usage: string;
  readonly what: string;
  readonly members: readonly { readonly name: string; readonly what: string }[];
}

export interface OutcomeFact {
  readonly sentence: string;
  readonly guideline: string | null;
}

export type Metrics = Readonly<Record<string, MetricFact>>;

export interface MetricFact {
  readonly kind: string;
  readonly what: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly buckets?: readonly number[];
}

/** Null stands for a table that could not be read; `unreadable` says why. */
export interface Facts {
  readonly errors: Readonly<Record<string, ErrorEntry>>;
  readonly outcomes: Readonly<Record<string, OutcomeFact>> | null;
  readonly options: {
    readonly paths: readonly string[];
    readonly markdown: string;
    readonly exampleYaml: string;
  } | null;
  readonly commands: readonly CommandFact[] | null;
  /** Those of our own, then those of process and runtime. */
  readonly metrics: { readonly own: Metrics; readonly process: Metrics } | null;
  /** Keys such as `GET /v1/users`. */
  readonly matrix: readonly string[] | null;
  readonly unreadable: readonly { readonly path: string; readonly because: string }[];
}

export async function gatherFacts(): Promise<Facts> {
  const unreadable: { path: string; because: string }[] = [];
  const read = async <Value>(path: string, load: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await load();
    } catch (error) {
      unreadable.push({ path, because: String(error).split("\n")[0] ?? "" });
      return null;
    }
  };
  const server = "packages/server/src";
  return {
    errors: ERRORS,
    outcomes: await read(`${server}/webhooks/outcome.ts`, loadOutcomes),
    options: await read(`${server}/config/document.ts`, loadOptions),
    commands: await read(`${server}/cli/program.ts`, loadCommands),
    metrics: await read(`${server}/telemetry/metrics.ts`, loadMetrics),
    matrix: await read(`${server}/api/matrix.ts`, loadMatrix),
    unreadable,
  };
}

async function loadOutcomes(): Promise<Facts["outcomes"]> {
  return (await import("../../packages/server/src/webhooks/outcome.ts")).OUTCOMES;
}

async function loadOptions(): Promise<Facts["options"]> {
  const { OPTION_PATHS } = await import("../../packages/server/src/config/options.ts");
  const { exampleYaml, optionsMarkdown } = await import("../../packages/server/src/config/document.ts");
  return { paths: OPTION_PATHS, markdown: optionsMarkdown(), exampleYaml: exampleYaml() };
}

async function loadCommands(): Promise<Facts["commands"]> {
  const { buildProgram } = await import("../../packages/server/src/cli/program.ts");
  const { processIo } = await import("../../packages/server/src/cli/command-io.ts");
  const none = async () => assert.fail("only the commands' names are asked for");
  const program = buildProgram(processIo(), none, none);
  return program.commands.flatMap((command) => describeCommand(program.name(), command));
}

async function loadMetrics(): Promise<Facts["metrics"]> {
  const { METRICS } = await import("../../packages/server/src/telemetry/metrics.ts");
  const { PROCESS_METRICS } = await import("../../packages/server/src/telemetry/process-metrics.ts");
  return { own: METRICS, process: PROCESS_METRICS };
}

async function loadMatrix(): Promise<Facts["matrix"]> {
  return Object.keys((await import("../../packages/server/src/api/matrix.ts")).MATRIX);
}

/** A command and those below it; one that only groups others is not listed itself. */
function describeCommand(above: string, command: Command): readonly CommandFact[] {
  const name = `${above} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((below) => describeCommand(name, below));
  const members = [
    ...command.registeredArguments.map((one) => ({ name: `<${one.name()}>`, what: one.description })),
    ...command.options
      .filter((one) => !one.hidden)
      .map((one) => ({ name: one.flags, what: one.description })),
  ];
  return [{ name, usage: `${name} ${command.usage()}`.trimEnd(), what: command.description(), members }];
}
