import { basename } from "node:path";
import { Command } from "commander";
import { certificateFiles, clientCertificateFiles, readCertificate } from "../config/certificate.ts";
import { type Flaw, formatFlaw, formatPlace, type Place } from "../config/flaw.ts";
import type { Printed } from "../config/kinds.ts";
import { type Loaded, loadOptions } from "../config/load.ts";
import type { Option } from "../config/option.ts";
import { OPTION_PATHS, OPTIONS, type OptionPath, type Options } from "../config/options.ts";
import { loadPolicy } from "../config/policy.ts";
import { readText } from "../config/text-reader.ts";
import { CommandFailed, type CommandIo, EXIT_FAILED } from "./command-io.ts";
import { addConfigFlags, loadCommandOptions } from "./config-flags.ts";

const CHECK_EXAMPLES = `
  $ trulinks config check                          ./trulinks.yaml and the TRULINKS_ variables
  $ trulinks config check --config trulinks.yaml   that file, which then must exist`;

const PRINT_EXAMPLES = `
  $ trulinks config print                          every option, and where its value comes from
  $ trulinks config print --json                   the same for programs`;

/** `trulinks config check` and `trulinks config print`. */
export function configCommand(io: CommandIo): Command {
  return new Command("config")
    .description("Check or show the configuration")
    .addHelpText("after", examples(CHECK_EXAMPLES + PRINT_EXAMPLES))
    .addCommand(checkCommand(io))
    .addCommand(printCommand(io));
}

function examples(lines: string): string {
  return `\nExamples:${lines}\n`;
}

function checkCommand(io: CommandIo): Command {
  const command = addConfigFlags(new Command("check"))
    .description("Check the options, the policy and the certificates without starting anything")
    .option("--json", "Print the result as JSON.")
    .addHelpText("after", examples(CHECK_EXAMPLES));
  return command.action(() => {
    const loaded = loadOptions({ flags: command.opts(), env: io.env, cwd: io.cwd, readText });
    const flaws = loaded.kind === "flawed" ? loaded.flaws : findFileFlaws(loaded);
    if (command.opts().json === true) {
      io.stdout(`${JSON.stringify({ ok: flaws.length === 0, flaws: flaws.map(flawJson) }, null, 2)}\n`);
      if (flaws.length > 0) io.exitCode(EXIT_FAILED);
      return;
    }
    if (flaws.length > 0) throw new CommandFailed(flaws.map(formatFlaw).join("\n"));
    const file = loaded.kind === "ok" ? loaded.file : null;
    io.stdout(`The configuration is good (${file === null ? "no file" : basename(file)}).\n`);
  });
}

/** What stands in the files that the options name. */
function findFileFlaws({ options, sources }: Extract<Loaded, { kind: "ok" }>): readonly Flaw[] {
  const pairs = [certificateFiles(options, sources), clientCertificateFiles(options, sources)];
  const certificates = pairs.map((files) => files && readCertificate(files, readText));
  const policy = loadPolicy(options.policy, sources.policy, readText);
  return [...certificates, policy].flatMap((read) => (read?.kind === "flawed" ? read.flaws : []));
}

function flawJson({ place, path, message }: Flaw): unknown {
  return { place, path, message };
}

function printCommand(io: CommandIo): Command {
  const command = addConfigFlags(new Command("print"))
    .description("Show every option, its value (secrets masked) and where it comes from")
    .option("--json", "Print the values as JSON.")
    .addHelpText("after", examples(PRINT_EXAMPLES));
  return command.action(() => {
    const { options, sources } = loadCommandOptions(command, io);
    const rows = OPTION_PATHS.map((path) => ({
      path,
      value: printed(path, options),
      source: sources[path],
    }));
    io.stdout(command.opts().json === true ? asJson(rows) : asTable(rows));
  });
}

interface Row {
  readonly path: OptionPath;
  readonly value: Printed;
  readonly source: Place;
}

function asJson(rows: readonly Row[]): string {
  const members = rows.map(({ path, value, source }) => [path, { value, source }]);
  return `${JSON.stringify({ options: Object.fromEntries(members) }, null, 2)}\n`;
}

function asTable(rows: readonly Row[]): string {
  const cells = rows.map(({ path, value, source }) => [path, asText(value), formatPlace(source)] as const);
  const pathWidth = Math.max(...cells.map(([path]) => path.length));
  const valueWidth = Math.max(...cells.map(([, value]) => value.length));
  return cells
    .map(([path, value, source]) => `${path.padEnd(pathWidth)}  ${value.padEnd(valueWidth)}  ${source}\n`)
    .join("");
}

function asText(value: Printed): string {
  if (value === null) return "-";
  return typeof value === "object" ? `[${value.join(", ")}]` : String(value);
}

function printed(path: OptionPath, options: Options): Printed {
  const value = path
    .split(".")
    .reduce<unknown>((node, member) => (node as Record<string, unknown>)[member], options);
  const { kind }: Option<unknown> = OPTIONS[path];
  return value === null ? null : kind.print(value);
}
