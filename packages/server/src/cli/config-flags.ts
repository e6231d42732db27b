import { type Command, Option } from "commander";
import { formatFlaw } from "../config/flaw.ts";
import { type Loaded, loadOptions } from "../config/load.ts";
import type { Flag } from "../config/option.ts";
import { CONFIG_FILE, OPTION_PATHS, OPTIONS } from "../config/options.ts";
import { readText } from "../config/text-reader.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";

/** Gives a command a flag for every option that has one, and `--config`. */
export function addConfigFlags(command: Command): Command {
  command.addOption(new Option(usage(CONFIG_FILE.flag), CONFIG_FILE.what));
  for (const path of OPTION_PATHS) {
    const { flag, what } = OPTIONS[path];
    if (flag.kind === "flag") command.addOption(new Option(usage(flag), what));
  }
  return command;
}

/** The options as this command line, these variables and the file give them. Throws with all flaws at once. */
export function loadCommandOptions(command: Command, io: CommandIo): Extract<Loaded, { kind: "ok" }> {
  const loaded = loadOptions({ flags: command.opts(), env: io.env, cwd: io.cwd, readText });
  if (loaded.kind === "flawed") throw new CommandFailed(loaded.flaws.map(formatFlaw).join("\n"));
  return loaded;
}

function usage(flag: Extract<Flag, { kind: "flag" }>): string {
  return flag.argument === null ? flag.name : `${flag.name} <${flag.argument}>`;
}
