/** What the health of hooks needs from storage. Each verb is one atomic step, on disk when its promise resolves. */
import type { HookId } from "@trulinks/protocol";
import type { Step, StepBounds } from "./health.ts";
import type { Failing, Hook } from "./hook.ts";

/** An attempt at this hook has failed. */
export interface FailingNote extends Pick<Failing, "outcome" | "status"> {
  readonly hookId: HookId;
  /** Where the attempt went: of another receiver it says nothing. */
  readonly url: string;
  readonly nowMs: number;
}

/** An attempt at this hook was answered well. */
export interface SoundNote {
  readonly hookId: HookId;
  readonly url: string;
  readonly nowMs: number;
  /** An accepted ping makes a hook active again that failing had paused, and what was kept for it is released so fast. */
  readonly isPing: boolean;
  readonly releasePerS: number;
}

/** `going-on`: it is sound, and its release goes on. `resumed`: it is active again, and its owner was told. */
export type SoundNoted = "unchanged" | "sound" | "going-on" | "resumed";

export interface DueStep {
  readonly hookId: HookId;
  readonly step: Step;
}

export interface HealthStore {
  /**
   * An active hook that was sound is failing from here on, and what is kept for it is released no more. False, and
   * nothing changed: it is failing already, does not deliver, or leads elsewhere.
   */
  noteFailing(note: FailingNote): Promise<boolean>;
  /**
   * An active hook that was failing is sound, and its release goes on. A paused one whose ping was accepted is active, if
   * failing had paused it: its owner is told `hook.resumed` in the same step.
   */
  noteSound(note: SoundNote): Promise<SoundNoted>;
  /** Active hooks with a step to take, at most `countMax`; nobody waits for them. */
  listSteps(bounds: StepBounds, countMax: number): Promise<readonly DueStep[]>;
  /**
   * Takes the step if it still is to be taken, and tells the owner of it: a delivery for each of the owner's hooks that wants it,
   * the failing one among them. The hook as it is then; null: there was no such step to take, others took it or it has recovered.
   * What waits for a hook that is paused is kept.
   */
  takeStep(due: DueStep, bounds: StepBounds, nowMs: number): Promise<Hook | null>;
}
