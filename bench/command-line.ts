/** What `npm run bench` was told, or what is wrong with it. */
import { parseArgs } from "node:util";

export type BenchCommand =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string }
  | ({ readonly kind: "run" } & BenchRun);

export interface BenchRun {
  readonly name: string;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly asJson: boolean;
}

export const ROUNDS = { default: 5, max: 100 };
export const SECONDS = { default: 4, max: 600 };

export function readCommandLine(args: readonly string[], names: readonly string[]): BenchCommand {
  const parsed = parse(args);
  if (typeof parsed === "string") return wrong(parsed);
  const { values, positionals } = parsed;
  if (values.help) return { kind: "help" };

  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) return wrong(`Name one bench of: ${names.join(", ")}.`);
  if (!names.includes(name)) return wrong(`There is no bench ${name}. Known: ${names.join(", ")}.`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS.max) {
    return wrong(`--rounds is ${values.rounds}. Expected a whole number from 1 to ${ROUNDS.max}.`);
  }
  const secondsPerRound = Number(values.seconds);
  if (!(secondsPerRound > 0 && secondsPerRound <= SECONDS.max)) {
    return wrong(`--seconds is ${values.seconds}. Expected a number above 0, at most ${SECONDS.max}.`);
  }
  return { kind: "run", name, rounds, secondsPerRound, asJson: values.json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: "string", default: String(ROUNDS.default) },
        seconds: { type: "string", default: String(SECONDS.default) },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    // Its first sentence names the option; the others explain what nobody needs here.
    return error instanceof Error ? `${error.message.split(". ")[0]?.replace(/\.$/, "")}.` : String(error);
  }
}

function wrong(message: string): BenchCommand {
  return { kind: "wrong", message };
}
