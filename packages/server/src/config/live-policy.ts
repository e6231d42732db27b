/** The policy as it is now: its file is read anew when it changes, and one that is no good is refused while the old one holds on. */
import type { Policy } from "@trulinks/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { Log } from "../base/log.ts";
import { StartRefused } from "../base/start-refused.ts";
import { formatFlaw, type Place } from "./flaw.ts";
import { loadPolicy } from "./policy.ts";
import type { ReadText } from "./text-reader.ts";

export interface LivePolicy {
  current(): Policy;
  /** Is told of each new policy before it holds; throws a RangeError, and it does not. */
  beforeChange(adopt: (policy: Policy) => void): void;
  /** Reads the file now. */
  look(): void;
  /** Watches the file while it runs. */
  readonly part: Part;
}

export interface LivePolicyDeps {
  /** Null: there is none, and the defaults hold. */
  readonly file: string | null;
  readonly namedBy: Place;
  readonly read: ReadText;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs?: number;
}

// Contents are compared instead of waiting for the kernel's word: that also sees renames, swapped links and network folders.
const POLL_MS = 2_000;

/** Throws `StartRefused` if the file is no good at the start. */
export function openPolicy({
  file,
  namedBy,
  read,
  clock,
  log,
  pollMs = POLL_MS,
}: LivePolicyDeps): LivePolicy {
  const first = loadPolicy(file, namedBy, read);
  if (first.kind === "flawed") throw new StartRefused(first.flaws.map(formatFlaw).join("\n"));
  let current = first.policy;
  let told = "";
  let cancel: Cancel = () => {};
  const adopters: ((policy: Policy) => void)[] = [];

  function look(): void {
    const loaded = loadPolicy(file, namedBy, read);
    if (loaded.kind === "flawed") {
      refuse(loaded.flaws.map(formatFlaw).join("\n"));
      return;
    }
    told = "";
    if (JSON.stringify(loaded.policy) !== JSON.stringify(current)) adopt(loaded.policy);
  }

  function adopt(policy: Policy): void {
    const before = current;
    try {
      for (const each of adopters) each(policy);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Those that took it go back to what they had.
      for (const each of adopters) each(before);
      refuse(error.message);
      return;
    }
    current = policy;
    log.info("policy.changed", { file });
  }

  /** Said once, not at every look. */
  function refuse(message: string): void {
    if (message !== told) log.warn("policy.refused", { message });
    told = message;
  }

  function watch(): void {
    look();
    cancel = clock.after(pollMs, watch);
  }

  return {
    current: () => current,
    beforeChange: (adopt) => void adopters.push(adopt),
    look,
    part: {
      name: "policy",
      async start() {
        if (file !== null) cancel = clock.after(pollMs, watch);
      },
      async stop() {
        cancel();
      },
    },
  };
}
