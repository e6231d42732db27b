import { Command } from "commander";
import { VERSION } from "../version.ts";
import type { CommandIo } from "./command-io.ts";
import { type CompactFile, compactCommand } from "./compact.ts";
import { configCommand } from "./config.ts";
import { deliveriesCommand } from "./deliveries.ts";
import { eventTypesCommand } from "./event-type.ts";
import { eventsCommand } from "./events.ts";
import { hooksCommand } from "./hooks.ts";
import { replayCommand } from "./replay.ts";
import { type OpenSecretStore, secretsCommand } from "./secrets.ts";
import { upCommand } from "./up.ts";

const EXAMPLES = `
Examples:
  $ trulinks up                                    start on the embedded database in ./.trulinks
  $ trulinks up --upstream http://127.0.0.1:3000   put the gateway in front of an API
  $ trulinks config print                          every option, and where its value comes from
`;

/** The whole command line; `docs/reference/commands.md` is made from it. */
export function buildProgram(io: CommandIo, openStorage: OpenSecretStore, compactFile: CompactFile): Command {
  return new Command("trulinks")
    .description("The integration platform that an API provider runs in front of its API")
    .version(VERSION)
    .addHelpText("after", EXAMPLES)
    .addCommand(upCommand(io))
    .addCommand(eventsCommand(io))
    .addCommand(deliveriesCommand(io))
    .addCommand(hooksCommand(io))
    .addCommand(replayCommand(io))
    .addCommand(eventTypesCommand(io))
    .addCommand(configCommand(io))
    .addCommand(secretsCommand(io, openStorage))
    .addCommand(compactCommand(io, compactFile));
}
