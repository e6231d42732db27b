/** Events of the platform's own, to the hooks of an owner. They are due at once; who stores one wakes the sender. */

import type { HookId } from "@trulinks/protocol";
import { ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import type { Hook, HookOwner } from "../../webhooks/hook.ts";
import {
  concernedBy,
  type HookEventType,
  hookEvent,
  newPlatformEvent,
  type PlatformEvent,
} from "../../webhooks/platform-event.ts";
import { viewOf } from "../../webhooks/view.ts";
import { type Draft, storeDrafts } from "./drafts.ts";
import { insertEvent } from "./ingest.ts";
import { matchedOf } from "./match.ts";
import type { Ground } from "./memory.ts";

/** What has become of a hook; `hook`: as it was before. */
export function tellOwner(ground: Ground, type: HookEventType, hook: Hook, nowMs: number): void {
  storePlatformEvent(ground, hook.owner, { event: hookEvent(type, hook), nowMs });
}

/** To those of the owner's hooks that want it, as any other event. */
export function storePlatformEvent(
  ground: Ground,
  owner: HookOwner,
  { event: given, nowMs }: { readonly event: PlatformEvent; readonly nowMs: number },
): void {
  const { database, memory, dice } = ground;
  const event = newPlatformEvent(given, makeId("event", nowMs, dice.bytes(ID_CHANCE_BYTES)), nowMs);
  const matched = matchedOf(event);
  const drafts = hooksOf(ground, owner).flatMap((hookId): Draft[] => {
    const known = memory.hooks.of(hookId);
    const seen = known.hook.state === "disabled" ? null : viewOf(matched, known.hook, null);
    if (seen === null) return [];
    return [{ event, known, userId: concernedBy(owner), grantId: null, view: seen.view }];
  });
  if (drafts.length === 0) return;
  insertEvent(database, event, { id: event.id, deliveries: drafts.length, unknown: [] });
  storeDrafts(ground, drafts, { nowMs, countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] });
}

function hooksOf({ database }: Ground, owner: HookOwner): readonly HookId[] {
  const rows =
    owner.kind === "user"
      ? database.all<{ readonly id: HookId }>("SELECT id FROM hooks WHERE owner_user_id = ?", owner.userId)
      : database.all<{ readonly id: HookId }>("SELECT id FROM hooks WHERE owner_app_id = ?", owner.appId);
  return rows.map(({ id }) => id);
}
