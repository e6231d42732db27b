import assert from "node:assert/strict";
import { test } from "node:test";
import { type BenchCommand, readCommandLine } from "./command-line.ts";

const run = { kind: "run", name: "a", rounds: 5, secondsPerRound: 4, asJson: false } as const;
const wrong = (message: string): BenchCommand => ({ kind: "wrong", message });

const cases: readonly (readonly [reason: string, args: string, expected: BenchCommand])[] = [
  ["a name is enough", "a", run],
  [
    "everything can be said",
    "a --rounds 1 --seconds 0.5 --json",
    { ...run, rounds: 1, secondsPerRound: 0.5, asJson: true },
  ],
  ["help needs no name", "--help", { kind: "help" }],
  ["no name", "", wrong("Name one bench of: a, b.")],
  ["two names", "a b", wrong("Name one bench of: a, b.")],
  ["an unknown name", "c", wrong("There is no bench c. Known: a, b.")],
  ["an unknown option", "a --secnds 2", wrong("Unknown option '--secnds'.")],
  ["an option without its value", "a --rounds", wrong("Option '--rounds <value>' argument missing.")],
  ["no round", "a --rounds 0", wrong("--rounds is 0. Expected a whole number from 1 to 100.")],
  ["half a round", "a --rounds 1.5", wrong("--rounds is 1.5. Expected a whole number from 1 to 100.")],
  ["no number", "a --seconds x", wrong("--seconds is x. Expected a number above 0, at most 600.")],
  ["no time", "a --seconds 0", wrong("--seconds is 0. Expected a number above 0, at most 600.")],
];

for (const [reason, args, expected] of cases) {
  test(reason, () => {
    const given = args.split(" ").filter((word) => word !== "");
    assert.deepEqual(readCommandLine(given, ["a", "b"]), expected);
  });
}
