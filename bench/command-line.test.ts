import assert from "node:assert/strict";
import { test } from "node:test";
import { type BenchCommand, readCommandLine } from "./command-line.ts";

const benches = { a: ["one", "two", "three"], b: ["four"] };
const run = {
  kind: "run",
  name: "a",
  only: ["one", "two", "three"],
  rounds: 5,
  secondsPerRound: 4,
  rows: null,
  isQuick: false,
  asJson: false,
} as const;
const wrong = (message: string): BenchCommand => ({ kind: "wrong", message });

const cases: readonly (readonly [reason: string, args: string, expected: BenchCommand])[] = [
  ["a name is enough", "a", run],
  [
    "everything can be said",
    "a --only two --rounds 1 --seconds 0.5 --rows 3000 --json",
    { ...run, only: ["two"], rounds: 1, secondsPerRound: 0.5, rows: 3_000, asJson: true },
  ],
  ["parts run in the bench's order", "a --only three,one", { ...run, only: ["one", "three"] }],
  ["quick is one short round", "a --quick", { ...run, isQuick: true, rounds: 1, secondsPerRound: 0.4 }],
  ["quick and yet longer", "a --quick --seconds 2", { ...run, isQuick: true, rounds: 1, secondsPerRound: 2 }],
  ["help needs no name", "--help", { kind: "help" }],
  ["no name", "", wrong("Name one bench of: a, b.")],
  ["two names", "a b", wrong("Name one bench of: a, b.")],
  ["an unknown name", "c", wrong("There is no bench c. Known: a, b.")],
  ["an unknown part", "a --only one,five", wrong("a has no part five. Known: one, two, three.")],
  ["another bench's part", "b --only one", wrong("b has no part one. Known: four.")],
  ["an unknown option", "a --secnds 2", wrong("Unknown option '--secnds'.")],
  ["an option without its value", "a --rounds", wrong("Option '--rounds <value>' argument missing.")],
  ["no round", "a --rounds 0", wrong("--rounds is 0. Expected a whole number from 1 to 100.")],
  ["half a round", "a --rounds 1.5", wrong("--rounds is 1.5. Expected a whole number from 1 to 100.")],
  ["no number", "a --seconds x", wrong("--seconds is x. Expected a number above 0, at most 600.")],
  ["too few rows", "a --rows 2999", wrong("--rows is 2999. Expected a whole number from 3000 to 100000000.")],
  ["no time", "a --seconds 0", wrong("--seconds is 0. Expected a number above 0, at most 600.")],
];

for (const [reason, args, expected] of cases) {
  test(reason, () => {
    const given = args.split(" ").filter((word) => word !== "");
    assert.deepEqual(readCommandLine(given, benches), expected);
  });
}
