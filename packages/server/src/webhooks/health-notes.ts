/** Notes in the store what attempts show of their hooks: mostly nothing, and then nothing is done. */
import type { HookId, Policy } from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Claim } from "./claim.ts";
import type { HealthFact } from "./fact.ts";
import { type Shown, shownBy } from "./health.ts";
import type { HealthStore } from "./health-store.ts";
import type { Outcome } from "./outcome.ts";

/** Resolves when it is on disk. Before the attempt is settled: of a ping that is settled nobody would ask again. */
export type NoteHealth = (claim: Claim, outcome: Outcome) => Promise<void>;

export interface HealthNotesDeps {
  readonly health: Pick<HealthStore, "noteFailing" | "noteSound">;
  readonly policy: () => Pick<Policy["webhooks"], "release_per_s">;
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly log: Log;
  readonly onFact?: (fact: HealthFact) => void;
  /** What was kept for a hook can be released, and if it is active again its owner was told. */
  readonly onReleasable: () => void;
}

// Eight attempts may fail at once, and one in two may at a receiver that is at its limit: that is said once a second.
export const NOTED_AGAIN_MS = 1_000;
const HOOKS_MAX = 16_384;

interface Noted {
  readonly shown: NonNullable<Shown>;
  readonly atMs: number;
}

export function createHealthNotes(deps: HealthNotesDeps): NoteHealth {
  const { health, policy, clock, onFact, onReleasable } = deps;
  /** Whoever was noted last stands last. */
  const notedOf = new Map<HookId, Noted>();

  function remember(id: HookId, noted: Noted): void {
    notedOf.delete(id);
    notedOf.set(id, noted);
    const [oldest] = notedOf.keys();
    if (notedOf.size > HOOKS_MAX && oldest !== undefined) notedOf.delete(oldest);
  }

  async function noteSound({ hook }: Claim, isPing: boolean): Promise<void> {
    const { id, url } = hook;
    const when = { nowMs: clock.now(), isPing, releasePerS: policy().release_per_s };
    const noted = await health.noteSound({ hookId: id, url, ...when });
    if (noted === "unchanged") return;
    if (noted === "resumed") tellResumed(deps, hook);
    else onFact?.({ kind: "health", step: "sound", hookId: id });
    if (noted !== "sound") onReleasable();
  }

  async function noteFailing({ hook: { id, url } }: Claim, outcome: Outcome): Promise<void> {
    const status = "status" in outcome ? outcome.status : null;
    const note = { hookId: id, url, outcome: outcome.kind, status, nowMs: clock.now() };
    if (await health.noteFailing(note)) onFact?.({ kind: "health", step: "failing", hookId: id });
  }

  return async (claim, outcome) => {
    const { hook, sequence } = claim;
    const isPing = sequence === null;
    const shown = shownBy(outcome, hook, { isPing });
    if (shown === null || isRepeated(notedOf.get(hook.id), { shown, isPing, nowMs: clock.monotonic() }))
      return;
    if (shown === "sound") await noteSound(claim, isPing);
    else await noteFailing(claim, outcome);
    remember(hook.id, { shown, atMs: clock.monotonic() });
  };
}

/** That it fails again is not said so soon after anything; that it is sound, always but after the same. */
function isRepeated(
  before: Noted | undefined,
  {
    shown,
    isPing,
    nowMs,
  }: { readonly shown: NonNullable<Shown>; readonly isPing: boolean; readonly nowMs: number },
): boolean {
  if (before === undefined || isPing || nowMs - before.atMs >= NOTED_AGAIN_MS) return false;
  return shown === "failing" || before.shown === "sound";
}

/** Whoever brought it back. */
export function tellResumed(
  { log, onFact }: Pick<HealthNotesDeps, "onFact"> & { readonly log: Pick<Log, "info"> },
  { id, url }: Claim["hook"],
): void {
  log.info("hook.resumed", { hook: id, host: new URL(url).host });
  onFact?.({ kind: "health", step: "resumed", hookId: id });
}
