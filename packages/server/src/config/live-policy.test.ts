import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { POLICY_DEFAULT, type Policy } from "@trulinks/protocol";
import { systemClock } from "../base/clock.ts";
import { createLog, type LogFields } from "../base/log.ts";
import { type LivePolicy, openPolicy } from "./live-policy.ts";
import type { TextRead } from "./text-reader.ts";

interface World {
  readonly policy: LivePolicy;
  readonly lines: { readonly event: string; readonly fields: LogFields }[];
  write(text: string | null): void;
}

function open(first: string, pollMs?: number): World {
  let read: TextRead = { kind: "text", text: first };
  const lines: World["lines"] = [];
  const log = createLog({ level: "silent", observer: (event, fields) => lines.push({ event, fields }) });
  const policy = openPolicy({
    file: "/etc/policy.yaml",
    namedBy: { kind: "flag", flag: "--policy" },
    read: () => read,
    clock: systemClock,
    log,
    ...(pollMs === undefined ? {} : { pollMs }),
  });
  return {
    policy,
    lines,
    write(text) {
      read = text === null ? { kind: "absent" } : { kind: "text", text };
    },
  };
}

const SEVEN = "rate_limit: { user: { limit: 7, window_s: 60 } }";

test("a policy whose file changes holds from the next look on, and those who keep numbers are told before", () => {
  const { policy, lines, write } = open("");
  const seen: Policy[] = [];
  policy.beforeChange((next) => {
    assert.equal(policy.current(), POLICY_DEFAULT);
    seen.push(next);
  });
  policy.look();
  assert.deepEqual([policy.current(), lines], [POLICY_DEFAULT, []]);
  write(SEVEN);
  policy.look();
  policy.look();
  assert.deepEqual(policy.current().rate_limit.user, { limit: 7, window_s: 60 });
  assert.deepEqual([seen.length, lines.map(({ event }) => event)], [1, ["policy.changed"]]);
});

const BAD: readonly [because: string, text: string | null, words: RegExp][] = [
  ["a number is out of bounds", "\npoints: { per_min: -1 }", /policy\.yaml:2:\d+: points\.per_min is -1/],
  ["a name is misspelt", "pionts: { per_min: 5 }", /policy\.yaml:1:1: .*points/],
  ["it is no YAML", "a: [", /policy\.yaml:1:\d+/],
  ["it is gone", null, /is not there/],
];

describe("a policy is refused, said once, and the old one stays where", () => {
  for (const [because, text, words] of BAD) {
    test(because, () => {
      const { policy, lines, write } = open(SEVEN);
      const before = policy.current();
      write(text);
      policy.look();
      policy.look();
      assert.equal(policy.current(), before);
      assert.deepEqual(
        lines.map(({ event }) => event),
        ["policy.refused"],
      );
      assert.match(String(lines[0]?.fields["message"]), words);
      write(SEVEN.replace("7", "8"));
      policy.look();
      assert.equal(policy.current().rate_limit.user.limit, 8);
    });
  }

  test("somebody cannot keep to it: all go back to what they had", () => {
    const { policy, lines, write } = open("");
    const kept: number[] = [];
    policy.beforeChange(({ rate_limit }) => void kept.push(rate_limit.user.limit));
    policy.beforeChange(({ rate_limit }) => {
      if (rate_limit.user.limit === 7) throw new RangeError("seven is unlucky");
    });
    write(SEVEN);
    policy.look();
    assert.equal(policy.current(), POLICY_DEFAULT);
    assert.deepEqual([kept, lines[0]?.fields["message"]], [[7, 5_000], "seven is unlucky"]);
  });
});

test("the file is watched while it runs", async () => {
  const { policy, write } = open("", 5);
  await policy.part.start();
  write(SEVEN);
  while (policy.current().rate_limit.user.limit !== 7) await systemClock.sleep(2);
  await policy.part.stop();
});
