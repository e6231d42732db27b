/** The command's entry. */
import { processIo, runProgram } from "./cli/command-io.ts";
import { buildProgram } from "./cli/program.ts";
import { openStorage } from "./storage/open.ts";

const io = processIo();
await runProgram(buildProgram(io, openStorage), process.argv.slice(2), io);
