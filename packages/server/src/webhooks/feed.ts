/** The catch-up feed: a hook's deliveries by number, signed for the reading; and what a reader has done with. */
import type { HookId } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Catalogue } from "./catalogue.ts";
import { composeSeen, type Message } from "./envelope.ts";
import { feedVerdict, type TombstoneState } from "./feed-item.ts";
import type { FeedDelivery, FeedEntry, FeedPage, FeedStore } from "./feed-store.ts";
import type { Entered, FeedWaiting } from "./feed-waiting.ts";
import type { Hook } from "./hook.ts";
import { type Keyring, signingSecrets } from "./signing-secrets.ts";
import type { View } from "./view.ts";
import type { ScopeTerms } from "./view-now.ts";

export const FEED_COUNT_DEFAULT = 50;
export const FEED_COUNT_MAX = 200;
/** Of the events' data on one page, before base64 makes it a third longer. One delivery comes however large it is. */
export const FEED_BYTES_MAX = 4 * 1024 * 1024;
export const FEED_WAIT_S_MAX = 30;
/** So many are settled in one transaction, and nobody waits long behind it. */
export const ACKNOWLEDGED_STEP_MAX = 500;

export type FeedItem =
  | { readonly kind: "message"; readonly sequence: number; readonly message: Omit<Message, "view"> }
  | { readonly kind: "tombstone"; readonly sequence: number; readonly state: TombstoneState };

export interface FeedReading {
  /** What comes after this number; null: from the oldest that is kept. */
  readonly after: number | null;
  /** 1 to 200. */
  readonly countMax: number;
  /** How long to wait for something to read, 0 to 30 000. */
  readonly waitMs: number;
  /** The reader is gone. */
  readonly signal: AbortSignal;
}

export type FeedRead =
  | {
      readonly kind: "items";
      /** One number after the other, without a hole. */
      readonly items: readonly FeedItem[];
      /** What to read after next. */
      readonly next: number;
      /** The hook's newest number. */
      readonly newest: number;
    }
  | Exclude<FeedPage, { kind: "page" }>
  | Exclude<Entered, { kind: "entered" }>;

export type Settled =
  | { readonly kind: "settled"; readonly settled: number }
  | { readonly kind: "beyond"; readonly newest: number }
  | { readonly kind: "unknown-hook" };

/** Whether the caller may is asked before, elsewhere. */
export interface Feeds {
  /** Changes nothing. Signed with the secrets that live now, masked by hook and grant as they are now. */
  read(hook: Pick<Hook, "id" | "owner">, reading: FeedReading): Promise<FeedRead>;
  /** What waits up to this number is delivered. A reader who is gone is not settled for any further. */
  acknowledge(hookId: HookId, through: number, signal: AbortSignal): Promise<Settled>;
}

export interface FeedDeps {
  readonly store: FeedStore;
  readonly waiting: Pick<FeedWaiting, "enter">;
  readonly catalogue: () => Promise<Pick<Catalogue, "stamp" | "eventTypes">>;
  readonly keyring: Keyring;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Tells the sender that something may be due: who waited behind what was settled. */
  readonly wake: () => void;
}

export function createFeeds(deps: FeedDeps): Feeds {
  const termsOf = createTerms(deps.catalogue);
  return {
    read: (hook, reading) => read(deps, termsOf, hook, reading),
    acknowledge: (hookId, through, signal) => acknowledge(deps, hookId, through, signal),
  };
}

async function read(
  deps: FeedDeps,
  termsOf: TermsOf,
  { id: hookId, owner }: Pick<Hook, "id" | "owner">,
  { after, countMax, waitMs, signal }: FeedReading,
): Promise<FeedRead> {
  const request = { hookId, countMax, bytesMax: FEED_BYTES_MAX };
  const ownerName = owner.kind === "user" ? `user ${owner.userId}` : `app ${owner.appId}`;
  // On the list before it reads: what is stored in between wakes it.
  const entered = waitMs === 0 ? null : deps.waiting.enter({ hookId, owner: ownerName, waitMs, signal });
  const place = entered?.kind === "entered" ? entered.place : null;
  try {
    let from = after;
    // Each round but the first is one that something was stored for; the last ends with the time there is.
    for (;;) {
      const nowMs = deps.clock.now();
      const page = await deps.store.readFeed({ ...request, after: from, nowMs });
      if (page.kind !== "page") return page;
      if (page.entries.length > 0) return await composePage(deps, termsOf, page, nowMs);
      from ??= page.newest;
      if (entered !== null && entered.kind !== "entered") return entered;
      if (place === null || (await place.ended(from)) === "over") {
        return { kind: "items", items: [], next: from, newest: page.newest };
      }
    }
  } finally {
    place?.leave();
  }
}

type Page = Extract<FeedPage, { kind: "page" }>;

async function composePage(deps: FeedDeps, termsOf: TermsOf, page: Page, nowMs: number): Promise<FeedRead> {
  const terms = await termsOf();
  const items: FeedItem[] = [];
  for (const entry of page.entries) items.push(await composeItem(deps, entry, { page, terms, nowMs }));
  const next = items.at(-1)?.sequence ?? 0;
  return { kind: "items", items, next, newest: page.newest };
}

interface Composing {
  readonly page: Page;
  readonly terms: ReadonlyMap<string, ScopeTerms>;
  readonly nowMs: number;
}

async function composeItem(
  deps: FeedDeps,
  entry: FeedEntry,
  { page: { hook, secrets }, terms, nowMs }: Composing,
): Promise<FeedItem> {
  const { sequence, sent } = entry;
  const verdict = feedVerdict(entry, { hook, terms: terms.get(sent?.event.type ?? "") ?? null, nowMs });
  if (verdict.kind === "tombstone") return { kind: "tombstone", sequence, state: verdict.state };
  const { headers, body } = await compose(deps.keyring, { ...verdict, hook, secrets, sequence }, nowMs);
  return { kind: "message", sequence, message: { headers, body } };
}

interface Given extends Pick<Page, "hook" | "secrets"> {
  readonly sent: FeedDelivery;
  readonly view: View | null;
  readonly sequence: number;
}

function compose(
  keyring: Keyring,
  { sent, view, hook, secrets, sequence }: Given,
  nowMs: number,
): Promise<Message> {
  const signing = signingSecrets(keyring, { hook, user: sent.user, secrets }, nowMs);
  return composeSeen({ ...sent, hook, sequence }, view, {
    secrets: signing,
    signer: keyring.signer ?? null,
    nowMs,
  });
}

type TermsOf = () => Promise<ReadonlyMap<string, ScopeTerms>>;

/** By type; made anew when the catalogue has changed. */
function createTerms(catalogue: FeedDeps["catalogue"]): TermsOf {
  let known: { readonly stamp: number; readonly terms: ReadonlyMap<string, ScopeTerms> } | null = null;
  return async () => {
    const { stamp, eventTypes } = await catalogue();
    if (known?.stamp !== stamp) {
      known = { stamp, terms: new Map(eventTypes.map((eventType) => [eventType.type, eventType])) };
    }
    return known.terms;
  };
}

async function acknowledge(
  { store, clock, log, wake }: FeedDeps,
  hookId: HookId,
  through: number,
  signal: AbortSignal,
): Promise<Settled> {
  let settled = 0;
  // Ends, as nothing new is given a number up to `through`.
  for (;;) {
    const step = await store.acknowledge({
      hookId,
      through,
      nowMs: clock.now(),
      countMax: ACKNOWLEDGED_STEP_MAX,
    });
    if (step.kind !== "settled") return step;
    settled += step.settled;
    if (!step.isMore || signal.aborted) break;
  }
  if (settled > 0) {
    log.info("feed.acknowledged", { hook: hookId, through, settled });
    wake();
  }
  return { kind: "settled", settled };
}
