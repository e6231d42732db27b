/** What commands for both sides have in common: their flags, help, client, and how they print. */
import { Command, Help, type Option } from "commander";
import { systemClock } from "../base/clock.ts";
import { type Asked, refusalOf } from "./ask.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";
import { addEitherFlags, askingEither, EITHER_NOTES, type EitherClient } from "./either-client.ts";
import { type Paint, paintOf } from "./paint.ts";

export interface Asking {
  readonly side: EitherClient["side"];
  readonly io: CommandIo;
  readonly isJson: boolean;
  readonly paint: Paint;
  /** Columns of the terminal; null: none. */
  readonly width: number | null;
  readonly nowMs: number;
  readonly ask: EitherClient["ask"];
  /** Asks for what is there or done with one of these statuses; anything else is a refusal. */
  answerOf<Body>(asked: Asked): Promise<Body>;
  /** JSON for programs, else what `text` makes of it for people. */
  print<Body>(body: Body, text: (body: Body) => string): void;
}

/** A command that prints for people, or with `--json` for programs. `examples`: lines below `Examples:`. */
export function eitherCommand(nameAndArguments: string, description: string, examples: string): Command {
  return addEitherFlags(new Command(nameAndArguments))
    .description(description)
    .option("--json", "Print JSON.")
    .configureHelp({ visibleOptions: (command) => ownFirst(new Help().visibleOptions(command)) })
    .addHelpText("after", examplesText(examples) + EITHER_NOTES);
}

const EITHER_FLAGS = new Set(addEitherFlags(new Command()).options.map(({ long }) => long));

/** What a command is about comes before where, and as whom, it is asked. */
function ownFirst(options: readonly Option[]): Option[] {
  const isOwn = ({ long }: Option) => !EITHER_FLAGS.has(long);
  return [...options.filter(isOwn), ...options.filter((option) => !isOwn(option))];
}

export function examplesText(lines: string): string {
  return `\nExamples:${lines}\n`;
}

export function asking(
  command: Command,
  io: CommandIo,
  run: (asking: Asking) => Promise<void>,
): Promise<void> {
  const isJson = command.opts<{ readonly json?: boolean }>().json === true;
  return askingEither(command, io, ({ side, ask }) =>
    run({
      ...{ side, io, isJson, ask },
      paint: paintOf(io),
      width: io.columns?.() ?? null,
      nowMs: systemClock.now(),
      async answerOf<Body>(asked: Asked): Promise<Body> {
        const answered = await ask(asked);
        if (answered.status >= 300) throw refusalOf(answered);
        return answered.body as Body;
      },
      print(body, text) {
        io.stdout(isJson ? `${JSON.stringify(body, null, 2)}\n` : text(body));
      },
    }),
  );
}

/** An id as it stands in a path. */
export function inPath(id: string): string {
  return encodeURIComponent(id);
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function wholeOf(text: string, flag: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommandFailed(`${flag} is "${text}". Expected a whole number, 1 or more.`);
}
