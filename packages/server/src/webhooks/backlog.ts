/**
 * What is leased and waits some instants for a place, by hook. It lets a busy hook go from one delivery to the next
 * without asking the store each time. Times are milliseconds of a clock that never goes back.
 */
import type { HookId } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import { isRecovering } from "./recovery.ts";

/** What is at hand for one hook. */
export interface Line {
  readonly id: HookId;
  readonly origin: string;
  /** First attempts go before what recovers; among both kinds, in the order in which it came. */
  readonly firsts: Claim[];
  /** Retries, and what was released. */
  readonly retries: Claim[];
}

export interface Backlog {
  /** Null: as much as may be is at hand, for its hook (`ofHookMax`), for its origin or in all. */
  add(
    claim: Claim,
    where: { readonly origin: string; readonly ofHookMax: number },
    nowMs: number,
  ): Line | null;
  find(id: HookId): Line | undefined;
  takeNext(line: Line): void;
  /** Takes out what has waited for too long. */
  takeStale(nowMs: number): readonly Claim[];
  takeAll(): readonly Claim[];
  /** True if less is at hand for the hook and its origin than they are likely to need soon. */
  isShort(id: HookId, origin: string): boolean;
  size(): number;
}

// A grant that another process revokes meanwhile, or a hook that it pauses, is heeded after at most this long.
export const AT_HAND_MS_MAX = 1_000;
export const AT_HAND_OF_HOOK_MAX = 32;
/** Counted as characters of the data. */
export const AT_HAND_BYTES_MAX = 32 * 1024 * 1024;
// As many as a hook may have under way, and as a fast origin takes within the time that asking needs.
const SHORT_OF_HOOK = 8;
const SHORT_OF_ORIGIN = 256;

/** `onGone`: nothing of this line is at hand any more. */
export function createBacklog(countMax: number, onGone: (line: Line) => void): Backlog {
  const lines = new Map<HookId, Line>();
  /** Since when each is here, the first first. */
  const sinceMs = new Map<Claim, number>();
  const byOrigin = new Map<string, number>();
  let bytes = 0;
  /** Before this nothing is stale; looking each time would cost more than all the rest. */
  let lookAtMs = 0;

  const countOf = (line: Line | undefined) => (line ? line.firsts.length + line.retries.length : 0);
  /** What is left for other origins: no origin gets more than that, so that it never comes to nothing. */
  const leftFor = (origin: string) => countMax - sinceMs.size - (byOrigin.get(origin) ?? 0);

  function remove(line: Line, claim: Claim): void {
    const kind = isRecovering(claim) ? line.retries : line.firsts;
    kind.splice(kind.indexOf(claim), 1);
    sinceMs.delete(claim);
    bytes -= claim.event.data.length;
    const ofOrigin = (byOrigin.get(line.origin) ?? 0) - 1;
    if (ofOrigin === 0) byOrigin.delete(line.origin);
    else byOrigin.set(line.origin, ofOrigin);
    if (countOf(line) > 0) return;
    lines.delete(line.id);
    onGone(line);
  }

  return {
    add(claim, { origin, ofHookMax }, nowMs) {
      const { id } = claim.hook;
      const line = lines.get(id) ?? { id, origin, firsts: [], retries: [] };
      if (countOf(line) >= ofHookMax || leftFor(line.origin) <= 0) return null;
      if (bytes + claim.event.data.length > AT_HAND_BYTES_MAX) return null;
      (isRecovering(claim) ? line.retries : line.firsts).push(claim);
      sinceMs.set(claim, nowMs);
      bytes += claim.event.data.length;
      byOrigin.set(line.origin, (byOrigin.get(line.origin) ?? 0) + 1);
      lines.set(id, line);
      return line;
    },
    find: (id) => lines.get(id),
    takeNext(line) {
      const claim = nextOf(line);
      if (claim !== undefined) remove(line, claim);
    },
    takeStale(nowMs) {
      if (nowMs < lookAtMs) return [];
      lookAtMs = nowMs + AT_HAND_MS_MAX;
      const stale: Claim[] = [];
      for (const [claim, fromMs] of sinceMs) {
        lookAtMs = fromMs + AT_HAND_MS_MAX + 1;
        if (nowMs < lookAtMs) break;
        const line = lines.get(claim.hook.id);
        if (line !== undefined) remove(line, claim);
        stale.push(claim);
      }
      return stale;
    },
    takeAll() {
      const all = [...sinceMs.keys()];
      for (const line of lines.values()) onGone(line);
      for (const held of [lines, sinceMs, byOrigin]) held.clear();
      bytes = 0;
      return all;
    },
    isShort(id, origin) {
      const ofOrigin = byOrigin.get(origin) ?? 0;
      return (
        countOf(lines.get(id)) < SHORT_OF_HOOK && ofOrigin < SHORT_OF_ORIGIN && leftFor(origin) > ofOrigin
      );
    },
    size: () => sinceMs.size,
  };
}

export function nextOf({ firsts, retries }: Line): Claim | undefined {
  return firsts[0] ?? retries[0];
}
