import type { Command } from "commander";
import { type CommandIo, runProgram } from "./command-io.ts";

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a command line to its end and answers with all that it said. */
export async function runRecorded(
  build: (io: CommandIo) => Command,
  args: readonly string[],
  { env, cwd, stdin = "" }: Pick<CommandIo, "env" | "cwd"> & { readonly stdin?: string },
): Promise<Ended> {
  const ended = { stdout: "", stderr: "", exitCode: 0 };
  const io: CommandIo = {
    env,
    cwd,
    stdout(text) {
      ended.stdout += text;
    },
    stderr(text) {
      ended.stderr += text;
    },
    async *stdin() {
      yield Buffer.from(stdin);
    },
    exitCode(code) {
      ended.exitCode = code;
    },
  };
  await runProgram(build(io), args, io);
  return ended;
}
