/** The command's entry: the only place that touches the process itself. */
import { processIo } from "./cli/command-io.ts";
import { buildProgram } from "./cli/program.ts";

await buildProgram(processIo()).parseAsync(process.argv);
