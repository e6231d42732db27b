/** The command's entry. */
import { processIo, runProgram } from "./cli/command-io.ts";
import { buildProgram } from "./cli/program.ts";
import { openStorage } from "./storage/open.ts";
import { compactFile } from "./storage/sqlite/compact.ts";

const io = processIo();
await runProgram(buildProgram(io, openStorage, compactFile), process.argv.slice(2), io);
