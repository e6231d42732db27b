/** Sees all that a simulation does, from the store's and the receivers' side, and says which promise was broken. */
import {
  type AppId,
  type DeliveryId,
  type HookId,
  parseSecret,
  type UserId,
  verify,
} from "@trulinks/protocol";
import type { Clock } from "../../packages/server/src/base/clock.ts";
import type { Claim } from "../../packages/server/src/webhooks/claim.ts";
import type { PostRequest } from "../../packages/server/src/webhooks/post.ts";
import type { WebhookStore } from "../../packages/server/src/webhooks/store.ts";
import type { Witness } from "./network.ts";
import type { KnownSecrets } from "./secrets.ts";

export interface History extends Witness {
  /** The same store; what it grants and what it settles is noted. */
  watch(store: WebhookStore): WebhookStore;
  granted(userId: UserId, appId: AppId): void;
  revoked(userId: UserId, appId: AppId): void;
  wasAccepted(id: DeliveryId): boolean;
  broken(promise: string): void;
  readonly violations: readonly string[];
  posts(): number;
}

interface Track {
  claim: Claim;
  /** When it was last leased, counted in steps, since much happens within one virtual millisecond. */
  claimedStep: number;
  underWay: number;
  body: string | null;
  isAccepted: boolean;
  settledAs: string | null;
}

interface Revocation {
  readonly step: number;
  readonly atMs: number;
  isLiveAgain: boolean;
}

export function createHistory(clock: Clock, secrets: KnownSecrets): History {
  const tracks = new Map<string, Track>();
  const revocations = new Map<string, Revocation>();
  const violations: string[] = [];
  let step = 0;
  let posts = 0;

  const broken = (promise: string) => void violations.push(`at ${clock.now()} ms: ${promise}`);
  const pairOf = (userId: UserId, appId: AppId) => `${userId} ${appId}`;

  function noteClaims(claims: readonly Claim[]): void {
    for (const claim of claims) {
      const track = tracks.get(claim.deliveryId);
      const fresh = { underWay: 0, body: null, isAccepted: false, settledAs: null };
      tracks.set(claim.deliveryId, { ...(track ?? fresh), claim, claimedStep: step++ });
    }
  }

  function checkRevocation({ claim, claimedStep }: Track): void {
    const { hook, user, event } = claim;
    if (hook.owner.kind !== "app" || user === null) return;
    const revocation = revocations.get(pairOf(user.id, hook.owner.appId));
    // What was leased before is under way, and may still go out.
    if (revocation === undefined || claimedStep < revocation.step) return;
    if (!revocation.isLiveAgain || event.atMs < revocation.atMs) {
      broken(`${claim.deliveryId} was posted for a grant that was revoked`);
    }
  }

  async function checkSignature({ claim }: Track, request: PostRequest): Promise<void> {
    const named = new Map(request.headers);
    const userId = claim.hook.secretPer === "user" ? (claim.user?.id ?? null) : null;
    const keys = secrets.live(claim.hook.id, userId, clock.now()).map((secret) => parseSecret(secret));
    const received = {
      id: named.get("webhook-id"),
      timestamp: named.get("webhook-timestamp"),
      signature: named.get("webhook-signature"),
      body: request.body,
    };
    const verification = await verify(
      keys.filter((key) => key !== null),
      received,
      clock.now(),
    );
    if (verification.kind === "invalid") broken(`${claim.deliveryId}: ${verification.because}`);
  }

  const trackOf = ({ headers }: PostRequest) => tracks.get(new Map(headers).get("TruLinks-Delivery") ?? "");

  return {
    violations,
    broken,
    posts: () => posts,
    wasAccepted: (id) => tracks.get(id)?.isAccepted ?? false,
    watch: (store) => ({
      ...store,
      async ingest(events, request) {
        const results = await store.ingest(events, request);
        noteClaims(results.flatMap((result) => (result.kind === "accepted" ? result.claims : [])));
        return results;
      },
      async claimDue(request) {
        const claims = await store.claimDue(request);
        noteClaims(claims);
        return claims;
      },
      async settle(settlement) {
        const isSettled = await store.settle(settlement);
        const track = tracks.get(settlement.deliveryId);
        if (isSettled && track && settlement.next.kind !== "retry") track.settledAs = settlement.next.kind;
        return isSettled;
      },
    }),
    granted(userId, appId) {
      const revocation = revocations.get(pairOf(userId, appId));
      if (revocation !== undefined) revocation.isLiveAgain = true;
    },
    revoked(userId, appId) {
      revocations.set(pairOf(userId, appId), { step: step++, atMs: clock.now(), isLiveAgain: false });
    },
    posted(request) {
      posts++;
      const track = trackOf(request);
      if (track === undefined) return broken("something was posted that was never leased");
      const { deliveryId } = track.claim;
      if (track.settledAs !== null) broken(`${deliveryId} was posted again after it was ${track.settledAs}`);
      if (track.underWay > 0) broken(`${deliveryId} was posted twice at once`);
      const body = Buffer.from(request.body).toString();
      if (track.body !== null && track.body !== body) broken(`${deliveryId} was sent with other bytes`);
      track.body = body;
      track.underWay++;
      checkRevocation(track);
      void checkSignature(track, request);
    },
    ended(request) {
      const track = trackOf(request);
      if (track !== undefined) track.underWay--;
    },
    accepted(request) {
      const track = trackOf(request);
      if (track !== undefined) track.isAccepted = true;
    },
  };
}

/** What must be true of the store when nothing is left to do. */
export async function checkEnd(
  history: History,
  store: WebhookStore,
  acknowledged: ReadonlyMap<string, number>,
): Promise<Readonly<Record<string, number>>> {
  const states: Record<string, number> = {};
  const sequences = new Map<HookId, number[]>();
  const byEvent = new Map<string, number>();
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<WebhookStore["listDeliveries"]>> = await store.listDeliveries(
      { reach: { kind: "all" } },
      { after, countMax: 200 },
    );
    for (const { id, eventId, hookId, sequence, state, attempts } of page.items) {
      states[state] = (states[state] ?? 0) + 1;
      byEvent.set(eventId, (byEvent.get(eventId) ?? 0) + 1);
      if (sequence !== null) sequences.set(hookId, [...(sequences.get(hookId) ?? []), sequence]);
      if (state === "waiting") history.broken(`${id} neither arrived nor ended`);
      if (state === "delivered" && !history.wasAccepted(id)) history.broken(`${id} was never accepted`);
      if (attempts.some(({ number }, index) => number !== index + 1)) {
        history.broken(`${id} has attempts with holes between`);
      }
    }
    after = page.next;
  } while (after !== null);

  for (const [hookId, numbers] of sequences) {
    const sorted = numbers.sort((left, right) => left - right);
    if (sorted.some((number, index) => number !== index + 1)) {
      history.broken(`the numbers of ${hookId} have holes: ${sorted.join(" ")}`);
    }
  }
  for (const [eventId, count] of acknowledged) {
    if ((byEvent.get(eventId) ?? 0) !== count) {
      history.broken(`${eventId} was acknowledged with ${count} deliveries and has ${byEvent.get(eventId)}`);
    }
  }
  return states;
}
