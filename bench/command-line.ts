/** What `npm run bench` was told, or what is wrong with it. */
import { parseArgs } from "node:util";

export type BenchCommand =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string }
  | ({ readonly kind: "run" } & BenchRun);

export interface BenchRun {
  readonly name: string;
  /** Parts of the bench, in its order. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly secondsPerRound: number;
  /** Null: as the bench would. */
  readonly rows: number | null;
  readonly isQuick: boolean;
  readonly asJson: boolean;
}

export const ROUNDS = { default: 5, quick: 1, max: 100 };
export const ROWS = { min: 3_000, max: 100_000_000 };
export const SECONDS = { default: 4, quick: 0.4, max: 600 };

/** `benches`: the parts of each, by name. */
export function readCommandLine(
  args: readonly string[],
  benches: Readonly<Record<string, readonly string[]>>,
): BenchCommand {
  const parsed = parse(args);
  if (typeof parsed === "string") return wrong(parsed);
  const { values, positionals } = parsed;
  if (values.help) return { kind: "help" };

  const names = Object.keys(benches).join(", ");
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) return wrong(`Name one bench of: ${names}.`);
  const parts = benches[name];
  if (parts === undefined) return wrong(`There is no bench ${name}. Known: ${names}.`);
  const asked = values.only?.split(",") ?? parts;
  const unknown = asked.find((part) => !parts.includes(part));
  if (unknown !== undefined) return wrong(`${name} has no part ${unknown}. Known: ${parts.join(", ")}.`);

  const isQuick = values.quick;
  const rounds = Number(values.rounds ?? (isQuick ? ROUNDS.quick : ROUNDS.default));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS.max) {
    return wrong(`--rounds is ${values.rounds}. Expected a whole number from 1 to ${ROUNDS.max}.`);
  }
  const secondsPerRound = Number(values.seconds ?? (isQuick ? SECONDS.quick : SECONDS.default));
  if (!(secondsPerRound > 0 && secondsPerRound <= SECONDS.max)) {
    return wrong(`--seconds is ${values.seconds}. Expected a number above 0, at most ${SECONDS.max}.`);
  }
  const rows = values.rows === undefined ? null : Number(values.rows);
  if (rows !== null && !(Number.isInteger(rows) && rows >= ROWS.min && rows <= ROWS.max)) {
    return wrong(`--rows is ${values.rows}. Expected a whole number from ${ROWS.min} to ${ROWS.max}.`);
  }
  const only = parts.filter((part) => asked.includes(part));
  return { kind: "run", name, only, rounds, secondsPerRound, rows, isQuick, asJson: values.json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        rows: { type: "string" },
        quick: { type: "boolean", default: false },
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
