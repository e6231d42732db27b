import type { HookId } from "@trulinks/protocol";
import { isResumable, type Step, type StepBounds, stepOf } from "../../webhooks/health.ts";
import type {
  DueStep,
  FailingNote,
  HealthStore,
  SoundNote,
  SoundNoted,
} from "../../webhooks/health-store.ts";
import type { Hook } from "../../webhooks/hook.ts";
import { SOUND_COLUMNS } from "../health-columns.ts";
import { PROBE_MS } from "../pace.ts";
import type { Database } from "./database.ts";
import { goOnReleasing, keepWaiting, startRelease } from "./hold.ts";
import { findHookRow, toHook } from "./hook-row.ts";
import type { Ground } from "./memory.ts";
import { tellOwner } from "./platform-events.ts";
import type { Sync } from "./verbs.ts";

export function createHealth(ground: Ground): Sync<HealthStore> {
  return {
    noteFailing: (note) => noteFailing(ground, note),
    noteSound: (note) => noteSound(ground, note),
    listSteps: (bounds, countMax) => listSteps(ground.database, bounds, countMax),
    takeStep: (due, bounds, nowMs) => takeStep(ground, due, { bounds, nowMs }),
  };
}

function noteFailing({ database, memory }: Ground, note: FailingNote): boolean {
  const { hookId, url, outcome, status, nowMs } = note;
  const noted = database.run(NOTE_FAILING, nowMs, outcome, status, nowMs + PROBE_MS, hookId, url);
  if (noted === 0) return false;
  memory.hooks.forget(hookId);
  return true;
}

const NOTE_FAILING = `UPDATE hooks SET failing_since_ms = ?, failing_outcome = ?, failing_status = ?,
    failing_told_at_ms = NULL, release_at_ms = iif(release_at_ms IS NULL, NULL, ?)
  WHERE id = ? AND url = ? AND state = 'active' AND failing_since_ms IS NULL`;

function noteSound(ground: Ground, { hookId, url, nowMs, isPing, releasePerS }: SoundNote): SoundNoted {
  const row = findHookRow(ground.database, hookId);
  if (row === undefined || row.url !== url) return "unchanged";
  const hook = toHook(row);
  if (hook.state === "active" && hook.health.failing !== null) {
    ground.database.run(`UPDATE hooks SET ${SOUND_COLUMNS} WHERE id = ?`, hookId);
    ground.memory.hooks.forget(hookId);
    return goOnReleasing(ground, hookId, nowMs) ? "going-on" : "sound";
  }
  if (!isPing || !isResumable(hook.state, hook.health)) return "unchanged";
  ground.database.run(
    `UPDATE hooks SET state = 'active', paused_because = NULL, ${SOUND_COLUMNS} WHERE id = ?`,
    hookId,
  );
  startRelease(ground, hookId, { nowMs, perS: releasePerS });
  tellOwner(ground, "hook.resumed", hook, nowMs);
  return "resumed";
}

function listSteps(database: Database, bounds: StepBounds, countMax: number): readonly DueStep[] {
  const { tellSinceMs, pauseSinceMs, pauseToldMs } = bounds;
  const tell = database.all<StepRow>(TO_TELL, tellSinceMs, countMax);
  const pause = database.all<StepRow>(TO_PAUSE, pauseToldMs, pauseSinceMs, countMax - tell.length);
  return [...tell.map(stepFor("tell")), ...pause.map(stepFor("pause"))];
}

interface StepRow {
  readonly id: HookId;
}

const stepFor =
  (step: Step) =>
  ({ id }: StepRow): DueStep => ({ hookId: id, step });

const TO_TELL = `SELECT id FROM hooks INDEXED BY hooks_untold
  WHERE state = 'active' AND failing_since_ms IS NOT NULL AND failing_told_at_ms IS NULL AND failing_since_ms <= ?
  ORDER BY failing_since_ms LIMIT ?`;
const TO_PAUSE = `SELECT id FROM hooks INDEXED BY hooks_told
  WHERE state = 'active' AND failing_told_at_ms IS NOT NULL AND failing_told_at_ms <= ? AND failing_since_ms <= ?
  ORDER BY failing_told_at_ms LIMIT ?`;

function takeStep(
  ground: Ground,
  { hookId, step }: DueStep,
  { bounds, nowMs }: { readonly bounds: StepBounds; readonly nowMs: number },
): Hook | null {
  const { database, memory } = ground;
  const row = findHookRow(database, hookId);
  const hook = row === undefined ? null : toHook(row);
  const failing = hook?.state === "active" ? hook.health.failing : null;
  if (hook === null || failing === null || stepOf(failing, bounds) !== step) return null;
  if (step === "tell") {
    database.run("UPDATE hooks SET failing_told_at_ms = ? WHERE id = ?", nowMs, hookId);
    memory.hooks.forget(hookId);
    tellOwner(ground, "hook.failing", hook, nowMs);
    return { ...hook, health: { ...hook.health, failing: { ...failing, toldAtMs: nowMs } } };
  }
  database.run(
    "UPDATE hooks SET state = 'paused', paused_because = 'failing', release_at_ms = NULL WHERE id = ?",
    hookId,
  );
  memory.hooks.forget(hookId);
  keepWaiting(ground, hookId, "paused");
  tellOwner(ground, "hook.paused", hook, nowMs);
  return { ...hook, state: "paused", health: { failing, pausedBecause: "failing" } };
}
