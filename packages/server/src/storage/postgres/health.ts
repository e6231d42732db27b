import type { HookId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
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
import { goOnReleasing } from "./hold.ts";
import { findHookRow, lockHookRow, toHook } from "./hook-row.ts";
import { holdOwnersHooks, resume, type Telling, tellOwner } from "./platform-events.ts";

export function createHealth(database: Database, dice: Pick<Dice, "bytes">): HealthStore {
  return {
    noteFailing: (note) => noteFailing(database, note),
    async noteSound(note) {
      const row = await findHookRow(database, note.hookId);
      // Mostly another attempt has said so already.
      const isNews = row !== undefined && (row.failing_since_ms !== null || row.state === "paused");
      if (!isNews) return "unchanged";
      return database.transact((transaction) => noteSound({ transaction, dice }, note));
    },
    listSteps: (bounds, countMax) => listSteps(database, bounds, countMax),
    takeStep: (due, bounds, nowMs) =>
      database.transact((transaction) => takeStep({ transaction, dice }, due, { bounds, nowMs })),
  };
}

async function noteFailing(database: Database, note: FailingNote): Promise<boolean> {
  const { hookId, url, outcome, status, nowMs } = note;
  const noted = await database.all(NOTE_FAILING, hookId, url, nowMs, outcome, status, nowMs + PROBE_MS);
  return noted.length > 0;
}

const NOTE_FAILING = `UPDATE hooks SET failing_since_ms = $3, failing_outcome = $4, failing_status = $5,
    failing_told_at_ms = NULL, release_at_ms = CASE WHEN held_through IS NULL THEN release_at_ms ELSE $6::float8 END
  WHERE id = $1 AND url = $2 AND state = 'active' AND failing_since_ms IS NULL RETURNING id`;

async function noteSound(
  telling: Telling,
  { hookId, url, nowMs, isPing, releasePerS }: SoundNote,
): Promise<SoundNoted> {
  const { transaction } = telling;
  const owners = isPing ? await holdOwnersHooks(transaction, hookId, nowMs) : null;
  const row = await lockHookRow(transaction, hookId);
  if (row === undefined || row.url !== url) return "unchanged";
  const hook = toHook(row);
  if (hook.state === "active" && hook.health.failing !== null) {
    await transaction.run(`UPDATE hooks SET ${SOUND_COLUMNS} WHERE id = $1`, hookId);
    return (await goOnReleasing(transaction, hookId, nowMs)) ? "going-on" : "sound";
  }
  if (owners === null || !isResumable(hook.state, hook.health)) return "unchanged";
  await resume(telling, owners, { hook, nowMs, perS: releasePerS });
  return "resumed";
}

async function listSteps(
  database: Database,
  { tellSinceMs, pauseSinceMs, pauseToldMs }: StepBounds,
  countMax: number,
): Promise<readonly DueStep[]> {
  const tell = await database.all<StepRow>(TO_TELL, tellSinceMs, countMax);
  const pause = await database.all<StepRow>(TO_PAUSE, pauseToldMs, pauseSinceMs, countMax - tell.length);
  return [...tell.map(stepFor("tell")), ...pause.map(stepFor("pause"))];
}

interface StepRow {
  readonly id: HookId;
}

const stepFor =
  (step: Step) =>
  ({ id }: StepRow): DueStep => ({ hookId: id, step });

const TO_TELL = `SELECT id FROM hooks
  WHERE state = 'active' AND failing_since_ms IS NOT NULL AND failing_told_at_ms IS NULL AND failing_since_ms <= $1
  ORDER BY failing_since_ms LIMIT $2`;
const TO_PAUSE = `SELECT id FROM hooks
  WHERE state = 'active' AND failing_told_at_ms IS NOT NULL AND failing_told_at_ms <= $1 AND failing_since_ms <= $2
  ORDER BY failing_told_at_ms LIMIT $3`;

async function takeStep(
  telling: Telling,
  { hookId, step }: DueStep,
  { bounds, nowMs }: { readonly bounds: StepBounds; readonly nowMs: number },
): Promise<Hook | null> {
  const { transaction } = telling;
  const owners = await holdOwnersHooks(transaction, hookId, nowMs);
  const row = await lockHookRow(transaction, hookId);
  const hook = row === undefined ? null : toHook(row);
  const failing = hook?.state === "active" ? hook.health.failing : null;
  if (hook === null || owners === null || failing === null || stepOf(failing, bounds) !== step) return null;
  if (step === "tell") {
    await transaction.run("UPDATE hooks SET failing_told_at_ms = $2 WHERE id = $1", hookId, nowMs);
    await tellOwner(telling, owners, "hook.failing", { hook, nowMs });
    return { ...hook, health: { ...hook.health, failing: { ...failing, toldAtMs: nowMs } } };
  }
  await transaction.run(
    "UPDATE hooks SET state = 'paused', paused_because = 'failing', held_through = NULL WHERE id = $1",
    hookId,
  );
  await tellOwner(telling, owners, "hook.paused", { hook, nowMs });
  return { ...hook, state: "paused", health: { failing, pausedBecause: "failing" } };
}
