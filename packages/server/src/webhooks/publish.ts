import {
  actionOf,
  type EventId,
  type GroupId,
  ID_CHANCE_BYTES,
  makeId,
  type UserId,
} from "@trulinks/protocol";
import { fingerprint } from "../base/canonical-json.ts";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import type { Trace } from "../base/trace-context.ts";
import type { Claim, ClaimRequest } from "./claim.ts";
import type { EventTerms } from "./event-type.ts";
import type { Ingested, NewEvent, Receipt } from "./new-event.ts";
import type { WebhookStore } from "./store.ts";

/** An event as a provider reports it, already of the right form. */
export interface EventRequest {
  readonly id: string | null;
  /** Names this one event; in a batch, by its place: see `placeKey`. */
  readonly idempotencyKey: string | null;
  readonly type: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  /** What its type decides, no part of what makes it the same again; left out: what holds where no type is registered. */
  readonly terms?: EventTerms;
  /** Under which it is published; no part of what makes it the same again. */
  readonly trace?: Trace | null;
  /** As in `NewEvent`; none if left out. */
  readonly key?: string | null;
  readonly expiresInS?: number | null;
}

/** The key of the event at `index` of a batch that has a key. Keys contain no space, so it is no single event's. */
export function placeKey(batchKey: string | null, index: number): string | null {
  return batchKey === null ? null : `${batchKey} ${index}`;
}

export type Published =
  | { readonly kind: "accepted"; readonly receipt: Receipt }
  | { readonly kind: "repeated"; readonly receipt: Receipt }
  | { readonly kind: "reused" }
  | { readonly kind: "no-recipient" };

/** Stores events with their deliveries and starts to send them. Resolves when all of it is on disk. */
export type Publish = (requests: readonly EventRequest[]) => Promise<readonly Published[]>;

export type Room = Omit<ClaimRequest, "nowMs">;

/** Where deliveries go that were leased in the transaction that stored them: the sender's door. */
export interface Intake {
  /** How many deliveries can be taken now, and of which hooks none. */
  room(): Room;
  /** Takes what was leased for this room. `left`: how many more were stored beside it. */
  take(claims: readonly Claim[], stored: { readonly room: Room; readonly left: number }): void;
}

export interface PublishDeps {
  readonly store: Pick<WebhookStore, "ingest">;
  readonly intake: Intake;
  readonly clock: Pick<Clock, "now">;
  readonly dice: Pick<Dice, "bytes">;
  readonly log: Log;
  /** Whoever waits for deliveries that are not claimed hears at once. */
  readonly onStored?: (ingested: readonly Ingested[]) => void;
}

export function createPublish(deps: PublishDeps): Publish {
  return async (requests) => {
    const nowMs = deps.clock.now();
    const events = requests.map((request) => newEvent(deps.dice, request, nowMs));
    const room = deps.intake.room();
    const ingested = await deps.store.ingest(events, { nowMs, ...room });
    startToSend(deps.intake, ingested, room);
    deps.onStored?.(ingested);
    return ingested.map((result, index) => {
      report(deps.log, result, requests[index]?.type);
      return publishedOf(result);
    });
  };
}

export function newEvent(dice: Pick<Dice, "bytes">, request: EventRequest, nowMs: number): NewEvent {
  const { id, idempotencyKey, type, users, groups, data, terms, key = null, expiresInS = null } = request;
  const receiptKeys = [
    ...(id === null ? [] : [`id:${id}`]),
    ...(idempotencyKey === null ? [] : [`key:${idempotencyKey}`]),
  ];
  return {
    id: (id as EventId | null) ?? makeId("event", nowMs, dice.bytes(ID_CHANCE_BYTES)),
    receiptKeys,
    // Told apart only from what comes again under the same key.
    fingerprint: receiptKeys.length === 0 ? null : fingerprintOf(request),
    type,
    action: terms?.action ?? actionOf(type),
    data: JSON.stringify(data),
    userIds: users as readonly UserId[],
    groupIds: groups as readonly GroupId[],
    atMs: nowMs,
    key,
    expiresAtMs: expiresInS === null ? null : nowMs + expiresInS * 1_000,
    sensitive: terms?.sensitive ?? [],
    scopes: terms?.scopes ?? null,
    fieldScopes: terms?.fieldScopes ?? [],
    trace: request.trace ?? null,
  };
}

// What an event lacks is no part of its fingerprint, so that those stay good which were made before there was such a member.
function fingerprintOf({ id, type, users, groups, data, key, expiresInS }: EventRequest): string {
  const given = { ...(key ? { key } : {}), ...(expiresInS ? { expires_in_s: expiresInS } : {}) };
  return fingerprint({ id, type, users, groups, data, ...given });
}

function startToSend(intake: Intake, ingested: readonly Ingested[], room: Room): void {
  const accepted = ingested.filter((result) => result.kind === "accepted");
  if (accepted.length === 0) return;
  const claims = accepted.flatMap((result) => result.claims);
  const stored = accepted.reduce((count, result) => count + result.receipt.deliveries, 0);
  intake.take(claims, { room, left: stored - claims.length });
}

function publishedOf(result: Ingested): Published {
  return result.kind === "accepted" ? { kind: "accepted", receipt: result.receipt } : result;
}

function report(log: Log, result: Ingested, type: string | undefined): void {
  if (result.kind !== "accepted") return;
  const { id, deliveries, unknown } = result.receipt;
  log.info("event.accepted", { event: id, type, deliveries, unknown: unknown.length });
}
