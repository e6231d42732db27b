/** A false network with receivers behind it that do everything that receivers do. */
import type { Clock } from "../../packages/server/src/base/clock.ts";
import type { Dice } from "../../packages/server/src/base/dice.ts";
import { type Outcome, outcomeOfStatus } from "../../packages/server/src/webhooks/outcome.ts";
import type { Post, PostRequest, PostResult } from "../../packages/server/src/webhooks/post.ts";

export interface Witness {
  /** A post leaves. */
  posted(request: PostRequest): void;
  /** Its connection has ended, whatever came of it. */
  ended(request: PostRequest): void;
  /** The receiver took it, whether or not the sender ever learns. */
  accepted(request: PostRequest): void;
}

export interface Network {
  readonly post: Post;
  /** Whoever posted has died: its connections end, and receivers may or may not take what they got by then. */
  cut(): void;
}

export type Behaviour =
  | { readonly kind: "answers"; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: "hangs" }
  /** The connection breaks before the receiver has looked at anything. */
  | { readonly kind: "breaks" }
  /** The receiver takes it, and then the answer is lost. */
  | { readonly kind: "answer-lost" }
  /** Something on the way sends it twice, and the receiver takes it twice. */
  | { readonly kind: "doubled" };

const LATENCY_MS_MAX = 800;
// Of a hundred posts; the rest is accepted. 410 is rare, since it ends its hook.
const BEHAVIOURS: readonly (readonly [number, (dice: Pick<Dice, "roll">) => Behaviour])[] = [
  [12, () => answers(500)],
  [5, () => answers(422)],
  [0.3, () => answers(410)],
  [8, (dice) => ({ ...answers(429), retryAfterMs: Math.ceil(dice.roll() * 60) * 1_000 })],
  [8, () => ({ kind: "hangs" })],
  [6, () => ({ kind: "breaks" })],
  [8, () => ({ kind: "answer-lost" })],
  [4, () => ({ kind: "doubled" })],
];

export function behaviourByChance(dice: Pick<Dice, "roll">): Behaviour {
  let point = dice.roll() * 100;
  for (const [share, make] of BEHAVIOURS) {
    if (point < share) return make(dice);
    point -= share;
  }
  return answers(200);
}

export interface NetworkDeps {
  readonly clock: Clock;
  readonly dice: Pick<Dice, "roll">;
  readonly witness: Witness;
  readonly behave: () => Behaviour;
}

export function createNetwork({ clock, dice, witness, behave }: NetworkDeps): Network {
  const open = new Set<PostRequest>();

  function end(request: PostRequest): void {
    if (open.delete(request)) witness.ended(request);
  }

  return {
    async post(request): Promise<PostResult> {
      const startMs = clock.monotonic();
      open.add(request);
      witness.posted(request);
      const behaviour = behave();
      await clock.sleep(behaviour.kind === "hangs" ? request.deadlineMs : dice.roll() * LATENCY_MS_MAX);
      const outcome = outcomeOf(behaviour);
      if (outcome.kind === "accepted" || behaviour.kind === "answer-lost") witness.accepted(request);
      end(request);
      const totalMs = clock.monotonic() - startMs;
      const answer = "status" in outcome ? { status: outcome.status, headers: [], body: "" } : null;
      return { outcome, answer, timings: { firstByteMs: answer && totalMs, totalMs }, detail: null };
    },
    cut() {
      for (const request of [...open]) end(request);
    },
  };
}

function outcomeOf(behaviour: Behaviour): Outcome {
  switch (behaviour.kind) {
    case "answers":
      return outcomeOfStatus(behaviour.status, behaviour.retryAfterMs);
    case "hangs":
      return { kind: "deadline" };
    case "breaks":
    case "answer-lost":
      return { kind: "reset" };
    case "doubled":
      return { kind: "accepted", status: 200 };
    default:
      return behaviour satisfies never;
  }
}

export function answers(status: number): Behaviour & { readonly kind: "answers" } {
  return { kind: "answers", status, retryAfterMs: null };
}
