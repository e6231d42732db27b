import { join } from "node:path";
import { Command } from "commander";
import { type Clock, systemClock } from "../base/clock.ts";
import { bytesLeftAt } from "../base/free-space.ts";
import { openDataFolder } from "../config/data-folder.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";
import { addConfigFlags, loadCommandOptions } from "./config-flags.ts";

/** Makes the embedded engine's file anew without the room that deleted rows left. */
export type CompactFile = (options: {
  readonly file: string;
  readonly clock: Clock;
  readonly bytesLeft: (folder: string) => Promise<number>;
  readonly onProgress: (share: number) => void;
}) => Promise<
  | { readonly kind: "compacted"; readonly bytesBefore: number; readonly bytesAfter: number }
  | { readonly kind: "no-file" }
  | { readonly kind: "no-space"; readonly bytesNeeded: number; readonly bytesLeft: number }
>;

const EXAMPLES = `
Examples:
  $ trulinks compact                                   the embedded database in ./.trulinks
  $ trulinks compact --data /var/lib/trulinks --json   the same for programs

Stop the server first. The file is copied beside itself without what was deleted, and the copy
takes its place in one step: a crash leaves one of the two, whole. What was erased or swept is in
no byte of it afterwards.
`;

/** `trulinks compact`. */
export function compactCommand(io: CommandIo, compactFile: CompactFile): Command {
  const command = addConfigFlags(new Command("compact"))
    .description("Give back the disk that deleted records took; the server must be stopped")
    .option("--json", "Print the result as JSON.")
    .addHelpText("after", EXAMPLES);
  return command.action(async () => {
    const { options } = loadCommandOptions(command, io);
    const asJson = command.opts<{ json?: boolean }>().json === true;
    if (options.database.url !== null) throw new CommandFailed(IS_POSTGRES);
    const folder = await openDataFolder(options.data, systemClock);
    try {
      await compact({ io, compactFile, folder: folder.path, asJson });
    } finally {
      folder.release();
    }
  });
}

const IS_POSTGRES =
  "The data lies in PostgreSQL (database.url), which looks after its files by itself: see VACUUM in its manual.";

interface Compacting {
  readonly io: CommandIo;
  readonly compactFile: CompactFile;
  readonly folder: string;
  readonly asJson: boolean;
}

async function compact({ io, compactFile, folder, asJson }: Compacting): Promise<void> {
  const file = join(folder, "trulinks.db");
  let told = 0;
  const onProgress = (share: number): void => {
    const percent = Math.floor(share * 10) * 10;
    if (asJson || percent <= told) return;
    told = percent;
    io.stderr(`${percent} % copied\n`);
  };
  const compacted = await compactFile({ file, clock: systemClock, bytesLeft: bytesLeftAt, onProgress });
  switch (compacted.kind) {
    case "no-file":
      throw new CommandFailed(`There is no database to compact: ${file} is not there. See --data DIR.`);
    case "no-space": {
      const { bytesNeeded, bytesLeft } = compacted;
      throw new CommandFailed(
        `The copy needs ${mib(bytesNeeded)} in ${folder}, and ${mib(bytesLeft)} are free. Nothing was changed; make room and run it again.`,
      );
    }
    case "compacted": {
      const { bytesBefore, bytesAfter } = compacted;
      if (asJson) {
        io.stdout(`${JSON.stringify({ file, bytes_before: bytesBefore, bytes_after: bytesAfter })}\n`);
      } else {
        io.stdout(`${file}: ${mib(bytesBefore)} before, ${mib(bytesAfter)} now.\n`);
      }
      return;
    }
    default:
      compacted satisfies never;
  }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
