import { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createLog } from "../base/log.ts";
import { onReloadSignal, onStopSignal } from "../base/signals.ts";
import { type Platform, wire } from "../wire.ts";
import type { CommandIo } from "./command-io.ts";
import { addConfigFlags, loadCommandOptions } from "./config-flags.ts";
import { onNpmShellEnd } from "./npm-shell.ts";

const EXAMPLES = `
Examples:
  $ trulinks up                                    start on the embedded database in ./.trulinks
  $ trulinks up --upstream http://127.0.0.1:3000   put the gateway in front of an API
  $ trulinks up --public 127.0.0.1:9080 --provider 127.0.0.1:9081 --data ./other
  $ trulinks up --demo                             with an API and an app to try it on
`;

/** `trulinks up`. */
export function upCommand(io: CommandIo): Command {
  const command = addConfigFlags(new Command("up"))
    .description("Start the platform")
    .option("--demo", "Also start the example API and the example app (in a checkout only).")
    .addHelpText("after", EXAMPLES);
  return command.action(async () => {
    const loaded = loadCommandOptions(command, io);
    const stopping = stopSignal(io);
    if (command.opts().demo === true) {
      const { runDemo } = await import("./demo/run.ts");
      return runDemo(loaded, stopping, io);
    }
    const log = createLog({ level: loaded.options.log.level, destination: { write: io.stderr } });
    const world = { clock: systemClock, dice: systemDice, log };
    const platform = await wire(loaded.options, loaded.sources, world);
    // A terminal that closes sends the same signal, and then the process is to end with it.
    const stopReloading = io.columns?.() == null ? onReloadSignal(platform.reload) : () => {};
    io.stdout(welcome(platform));
    await stopping;
    stopReloading();
    await platform.stop();
  });
}

function stopSignal(io: CommandIo): Promise<void> {
  return new Promise((resolve) => {
    const cancel = onNpmShellEnd(io, systemClock, () => {
      io.stderr("The shell in which npm started this has ended, so this stops, too.\n");
      resolve();
    });
    onStopSignal(() => {
      cancel();
      resolve();
    });
  });
}

function welcome({ publicUrl, providerUrl, keys }: Platform): string {
  const lines = ["TruLinks is up.", `  for integrators   ${publicUrl}`, `  for the provider  ${providerUrl}`];
  // Said once, at the start that made it.
  if (keys.operator.made)
    lines.push(`  operator key      ${keys.operator.path} (made now, readable by you only)`);
  return `${lines.join("\n")}\n`;
}
