/** Sees all that a simulation does, from the store's and the receivers' side, and lets each promise look at it. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Clock } from "../../packages/server/src/base/clock.ts";
import type { Claim } from "../../packages/server/src/webhooks/claim.ts";
import type { PostRequest } from "../../packages/server/src/webhooks/post.ts";
import type { Settlement, WebhookStore } from "../../packages/server/src/webhooks/store.ts";
import type { Trim } from "../../packages/server/src/webhooks/trim.ts";
import type { Witness } from "./network.ts";

/** One post, as its receiver sees it, with the lease under which it was sent. */
export interface Posting {
  /** The process that sent it. */
  readonly by: string;
  readonly claim: Claim;
  /** When it was leased, counted in steps, since much happens within one virtual millisecond. */
  readonly claimedStep: number;
  /** When its event was stored; -1 for a ping. */
  readonly storedStep: number;
  readonly request: PostRequest;
  readonly body: string;
}

/** One promise: told what happens, it says what was broken. */
export interface Watcher {
  /** A post leaves while these others are under way. */
  posted?(posting: Posting, underWay: readonly Posting[]): void;
  accepted?(posting: Posting): void;
  settled?(settlement: Settlement): void;
  /** The store is about to end what passes these bounds. */
  trims?(trim: Trim): void;
  /** The store has just ended something as expired. */
  expired?(): void;
}

export interface Broken {
  broken(promise: string): void;
}

export interface History extends Broken {
  readonly violations: readonly string[];
  watch(...watchers: readonly Watcher[]): void;
  /** The same store; what it gives out, settles and trims is noted. */
  watchStore(store: WebhookStore): WebhookStore;
  /** What is seen of the posts of one process. */
  witness(by: string): Witness;
  /** False: another may have it, since its lease has run out. */
  isLeased(posting: Posting): boolean;
  /** The clock has been set: what runs out by it has run out, even if the clock is set back. */
  clockWasSet(): void;
  /** The number of a step that is taken now. */
  nextStep(): number;
  posts(): number;
  /** The hook of a delivery that was leased. */
  hookOf(id: DeliveryId): HookId | null;
}

/** `skewMsMax`: by so much two clocks may differ. */
export function createHistory(clock: Pick<Clock, "now">, skewMsMax: number): History {
  const leased = new Map<string, { readonly claim: Claim; readonly claimedStep: number }>();
  const stored = new Map<string, number>();
  const underWay = new Map<PostRequest, Posting>();
  const ranOut = new Set<PostRequest>();
  const watchers: Watcher[] = [];
  const violations: string[] = [];
  let step = 0;
  let posts = 0;

  function broken(promise: string): void {
    violations.push(`at ${clock.now()} ms: ${promise}`);
  }

  function noteClaims(claims: readonly Claim[]): void {
    for (const claim of claims) leased.set(claim.deliveryId, { claim, claimedStep: step++ });
  }

  return {
    violations,
    broken,
    watch: (...more) => void watchers.push(...more),
    isLeased: ({ request, claim }) => !ranOut.has(request) && clock.now() + skewMsMax < claim.leaseUntilMs,
    clockWasSet() {
      for (const { request, claim } of underWay.values()) {
        if (clock.now() >= claim.leaseUntilMs) ranOut.add(request);
      }
    },
    nextStep: () => step++,
    posts: () => posts,
    hookOf: (id) => leased.get(id)?.claim.hook.id ?? null,
    watchStore: (store) => ({
      ...store,
      async ingest(events, request) {
        const results = await store.ingest(events, request);
        for (const result of results) {
          if (result.kind !== "accepted") continue;
          stored.set(result.receipt.id, step++);
          noteClaims(result.claims);
        }
        return results;
      },
      async claimDue(request) {
        const claims = await store.claimDue(request);
        noteClaims(claims);
        return claims;
      },
      async settle(settlement) {
        const isSettled = await store.settle(settlement);
        if (isSettled) for (const { settled } of watchers) settled?.(settlement);
        return isSettled;
      },
      async expire(nowMs, countMax) {
        const count = await store.expire(nowMs, countMax);
        if (count > 0) for (const { expired } of watchers) expired?.();
        return count;
      },
      async trim(trim) {
        for (const { trims } of watchers) trims?.(trim);
        const trimmed = await store.trim(trim);
        if (trimmed.expired > 0) for (const { expired } of watchers) expired?.();
        return trimmed;
      },
    }),
    witness: (by) => ({
      posted(request) {
        posts++;
        const known = leased.get(deliveryOf(request));
        if (known === undefined) return broken("something was posted that was never leased");
        const body = Buffer.from(request.body).toString();
        const posting = { by, request, body, storedStep: stored.get(known.claim.event.id) ?? -1, ...known };
        for (const { posted } of watchers) posted?.(posting, [...underWay.values()]);
        underWay.set(request, posting);
      },
      ended(request) {
        underWay.delete(request);
      },
      accepted(request) {
        const known = leased.get(deliveryOf(request));
        if (known === undefined) return;
        for (const { accepted } of watchers) accepted?.({ by, request, body: "", storedStep: -1, ...known });
      },
    }),
  };
}

export function headerOf({ headers }: PostRequest, name: string): string | undefined {
  return headers.find(([header]) => header === name)?.[1];
}

const deliveryOf = (request: PostRequest) => (headerOf(request, "TruLinks-Delivery") ?? "") as DeliveryId;
