/** One attempt at one delivery: sign, post, decide, settle, report. */
import type { Policy } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import { claimUnder, type TraceAttempt } from "./attempt-trace.ts";
import { challengeKeys, challengeOf, proven } from "./challenge.ts";
import type { Claim } from "./claim.ts";
import type { Timings } from "./delivery.ts";
import { composeMessage } from "./envelope.ts";
import type { AttemptedFact } from "./fact.ts";
import type { NoteHealth } from "./health-notes.ts";
import { PING_ASKED_MS } from "./hook.ts";
import type { Outcome } from "./outcome.ts";
import type { Post, PostResult } from "./post.ts";
import { recordOf } from "./record-of-attempt.ts";
import { afterAttempt, type Next } from "./retry.ts";
import { type Keyring, signingSecrets } from "./signing-secrets.ts";
import type { Settlement, WebhookStore } from "./store.ts";

export interface AttemptDeps {
  readonly store: Pick<WebhookStore, "settle">;
  readonly post: Post;
  readonly keyring: Keyring;
  readonly policy: () => Pick<Policy["webhooks"], "retries_s" | "challenge">;
  readonly clock: Clock;
  readonly dice: Pick<Dice, "roll">;
  readonly log: Log;
  readonly onFact?: (fact: AttemptedFact) => void;
  readonly noteHealth?: NoteHealth;
  readonly traceAttempt?: TraceAttempt | undefined;
}

const SETTLE_PAUSE_MS = 250;

/** True if it is still worth sending, and an attempt that starts now ends while its lease still holds. */
export function canStart({ hook, leaseUntilMs, expiresAtMs }: Claim, nowMs: number): boolean {
  const isWorthIt = expiresAtMs === null || nowMs < expiresAtMs;
  return isWorthIt && nowMs + hook.ackDeadlineMs < leaseUntilMs;
}

/** `onAnswer`: the receiver is done with it, and what remains is ours; `next` is what becomes of it. */
export async function attemptDelivery(
  deps: AttemptDeps,
  claim: Claim,
  onAnswer: (next: Next) => void,
): Promise<void> {
  const { hook } = claim;
  const atMs = deps.clock.now();
  const secrets = signingSecrets(deps.keyring, claim, atMs);
  const followed = deps.traceAttempt?.(claim);
  const message = await composeMessage(claimUnder(followed, claim), secrets, atMs, deps.keyring.signer);
  const { headers, body } = message;
  const { url, verifyTls, ca, ackDeadlineMs } = hook;
  const posted = await deps.post({ url, headers, body, verifyTls, ca, deadlineMs: ackDeadlineMs });

  const result = await judged(deps, claim, { posted, secrets });
  const nowMs = deps.clock.now();
  const next = nextOf(deps, claim, { outcome: result.outcome, nowMs });
  onAnswer(next);
  followed?.end(result.outcome, next.kind);

  const { deliveryId, lease } = claim;
  const attempt = recordOf(claim, atMs, message, result);
  const settlement: Settlement = { deliveryId, lease, attempt, next, nowMs };
  const isSettled = await settleWhileLeased(deps, claim, { settlement, outcome: result.outcome });
  report(deps, claim, { settlement, result, isSettled });
}

/** What was posted, with the outcome that it has once its challenge, if there was one, is looked at. */
async function judged(
  { policy }: AttemptDeps,
  claim: Claim,
  { posted, secrets }: { readonly posted: PostResult; readonly secrets: readonly string[] },
): Promise<PostResult> {
  const asked = challengeOf(claim, policy().challenge);
  if (asked === null) return posted;
  const keys = challengeKeys(claim.hook.signature, secrets);
  const answer = posted.answer?.body ?? null;
  return { ...posted, outcome: await proven(posted.outcome, { ...asked, keys, answer }) };
}

function nextOf(
  { policy, dice }: AttemptDeps,
  { attempt, triedBefore, event, hook, sequence }: Claim,
  { outcome, nowMs }: { readonly outcome: Outcome; readonly nowMs: number },
): Next {
  const isPing = sequence === null;
  return afterAttempt(policy().retries_s, {
    outcome,
    attempt: attempt - triedBefore,
    // Whatever a hook wants for its deliveries, while it is pending it is asked more than once.
    retries: isPing && hook.state === "pending" ? "default" : hook.retries,
    retryUntilMs: isPing ? event.atMs + PING_ASKED_MS : null,
    nowMs,
    chance: dice.roll(),
  });
}

/** A store that fails is asked again until the lease ends: what is not settled is posted a second time. */
async function settleWhileLeased(
  deps: AttemptDeps,
  claim: Claim,
  { settlement, outcome }: { readonly settlement: Settlement; readonly outcome: Outcome },
): Promise<boolean> {
  for (;;) {
    try {
      await deps.noteHealth?.(claim, outcome);
      return await deps.store.settle(settlement);
    } catch (error) {
      if (deps.clock.now() >= claim.leaseUntilMs) throw error;
      deps.log.warn("delivery.settle-failed", { delivery: claim.deliveryId, error });
      await deps.clock.sleep(SETTLE_PAUSE_MS);
    }
  }
}

/** Nothing where an open connection was used. */
function connectedFields({ dnsMs, connectMs, tlsMs }: Timings): Readonly<Record<string, number>> {
  return {
    ...(dnsMs === null ? {} : { dns_ms: dnsMs }),
    ...(connectMs === null ? {} : { connect_ms: connectMs }),
    ...(tlsMs === null ? {} : { tls_ms: tlsMs }),
  };
}

function report(
  { log, onFact }: AttemptDeps,
  { deliveryId, hook, event, user, attempt }: Claim,
  {
    settlement,
    result,
    isSettled,
  }: { readonly settlement: Settlement; readonly result: PostResult; readonly isSettled: boolean },
): void {
  const { outcome, status, guideline, timings, atMs } = settlement.attempt;
  // Not settled: the lease was lost to another worker, or the delivery was revoked while it was under way.
  const next = isSettled ? settlement.next.kind : "superseded";
  log.info("delivery.attempted", {
    delivery: deliveryId,
    hook: hook.id,
    event: event.id,
    attempt,
    outcome,
    status,
    next,
    duration_ms: timings.totalMs,
    ...(result.detail === null ? {} : { detail: result.detail }),
    ...connectedFields(timings),
  });
  onFact?.({
    kind: "attempted",
    hookId: hook.id,
    owner: hook.owner,
    userId: user?.id ?? null,
    attempt,
    outcome,
    guideline,
    next,
    sincePublishedMs: Math.max(0, atMs - event.atMs),
    durationMs: result.timings.totalMs,
    atMs: settlement.nowMs,
  });
}
