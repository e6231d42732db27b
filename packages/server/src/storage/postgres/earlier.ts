/** Tells new events from those that came before: under one of their keys, or with their id. Pure. */
import type { EventId } from "@trulinks/protocol";
import type { Ingested, NewEvent, Receipt } from "../../webhooks/new-event.ts";

/** What the store knows of what a batch names. */
export interface Known {
  /** Receipts by key, and by `event <id>`. */
  readonly earlier: ReadonlyMap<string, Earlier>;
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

export interface Earlier {
  readonly receipt: Receipt;
  readonly fingerprint: string | null;
}

export type Judged =
  | { readonly kind: "new"; readonly unknown: readonly string[] }
  /** The same as a new one of this batch, whose place is `index`. */
  | { readonly kind: "same"; readonly index: number }
  | { readonly kind: "answered"; readonly answer: Ingested };

/** The names under which an event is recognised. */
export function keysOf({ id, receiptKeys }: Pick<NewEvent, "id" | "receiptKeys">): readonly string[] {
  return [...receiptKeys, `event ${id satisfies EventId}`];
}

export function judge(events: readonly NewEvent[], known: Known): readonly Judged[] {
  const placed = new Map<string, number>();
  const judged: Judged[] = [];
  for (const [index, event] of events.entries()) {
    const verdict = judgeOne(event, { known, placed, events });
    if (verdict.kind === "new") for (const key of keysOf(event)) placed.set(key, index);
    judged.push(verdict);
  }
  return judged;
}

function judgeOne(
  event: NewEvent,
  {
    known,
    placed,
    events,
  }: { known: Known; placed: ReadonlyMap<string, number>; events: readonly NewEvent[] },
): Judged {
  for (const key of keysOf(event)) {
    const earlier = known.earlier.get(key);
    if (earlier !== undefined) return { kind: "answered", answer: repeat(event, earlier) };
    const index = placed.get(key);
    if (index === undefined) continue;
    const isSame = events[index]?.fingerprint === event.fingerprint;
    return isSame ? { kind: "same", index } : { kind: "answered", answer: { kind: "reused" } };
  }
  const users = event.userIds.filter((id) => !known.users.has(id));
  const groups = event.groupIds.filter((id) => !known.groups.has(id));
  const isForNobody = users.length === event.userIds.length && groups.length === event.groupIds.length;
  if (isForNobody) return { kind: "answered", answer: { kind: "no-recipient" } };
  return { kind: "new", unknown: [...new Set<string>([...users, ...groups])] };
}

function repeat(event: NewEvent, { fingerprint, receipt }: Earlier): Ingested {
  return fingerprint === event.fingerprint ? { kind: "repeated", receipt } : { kind: "reused" };
}
