/** What a command may touch of the process, and how every command ends. */
import { type Command, CommanderError } from "commander";
import { StartRefused } from "../base/start-refused.ts";
import { type Environment, systemEnvironment } from "../config/environment.ts";

export interface CommandIo extends Environment {
  stdout(text: string): void;
  stderr(text: string): void;
  /** What stands in standard input, as it comes. */
  stdin(): AsyncIterable<Uint8Array>;
  /** How wide the terminal is now; null or left out where standard output is no terminal. */
  columns?(): number | null;
  /** Whose child this process is now: another's, once the first one is gone. */
  parentPid?(): number;
  /** What the process ends with: 0, 1 when the command failed, 2 when it was called wrongly. */
  exitCode(code: number): void;
}

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export function processIo(): CommandIo {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", passOverClosedPipe);
  return {
    ...systemEnvironment(),
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    stdin: () => process.stdin,
    columns: () => (process.stdout.isTTY ? process.stdout.columns : null),
    parentPid: () => process.ppid,
    exitCode: (code) => {
      process.exitCode = code;
    },
  };
}

/** Whoever reads us through a pipe may stop at any line, as `head` does. */
function passOverClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** A command that cannot do what it was asked to; the message is all that is shown. */
export class CommandFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandFailed";
  }
}

/** Runs the command line. What a person can mend is told in one message; anything else is a bug and is thrown. */
export async function runProgram(program: Command, argv: readonly string[], io: CommandIo): Promise<void> {
  connect(program, io);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    // Commander has written its message, or the help that was asked for, by then.
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) io.exitCode(EXIT_USAGE);
    } else if (error instanceof StartRefused || error instanceof CommandFailed) {
      io.stderr(`${error.message}\n`);
      io.exitCode(EXIT_FAILED);
    } else {
      throw error;
    }
  }
}

function connect(command: Command, io: CommandIo): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .showHelpAfterError("Run it with --help to see how it is used.");
  for (const child of command.commands) connect(child, io);
}
