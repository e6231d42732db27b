/** What the platform itself tells an owner of hooks, as an event to those of its hooks that want it. Pure. */
import type { EventId } from "@trulinks/protocol";
import type { Hook, HookOwner } from "./hook.ts";
import type { NewEvent } from "./new-event.ts";

export const HOOK_EVENTS = ["hook.failing", "hook.paused", "hook.resumed"] as const;
export type HookEventType = (typeof HOOK_EVENTS)[number];

/** These are the platform's own: no provider registers or publishes one. */
const RESERVED = /^(?:(?:hook|grant|app)\..*|policy\.changed|ping)$/;

export function isReserved(type: string): boolean {
  return RESERVED.test(type);
}

export interface PlatformEvent {
  readonly type: string;
  readonly action: string;
  /** JSON text. */
  readonly data: string;
}

/** `hook`: as it was while it failed. What stands in a URL's path is the receiver's own, and may be a secret: the host says enough. */
export function hookEvent(
  type: HookEventType,
  { id, url, health }: Pick<Hook, "id" | "url" | "health">,
): PlatformEvent {
  const { failing } = health;
  const data = {
    hook: id,
    url: new URL(url).host,
    since: failing === null ? null : new Date(failing.sinceMs).toISOString(),
    outcome: failing?.outcome ?? null,
    status: failing?.status ?? null,
  };
  return { type, action: type.slice("hook.".length), data: JSON.stringify(data) };
}

/** As it is stored. It names no users: it goes to the owner's hooks, not to whom they serve. */
export function newPlatformEvent({ type, action, data }: PlatformEvent, id: EventId, atMs: number): NewEvent {
  return {
    ...{ id, type, action, data, atMs },
    ...{ receiptKeys: [], fingerprint: null, userIds: [], groupIds: [], key: null, expiresAtMs: null },
    ...{ sensitive: [], scopes: null, fieldScopes: [], trace: null },
  };
}

/** Whom a hook's platform events concern: the user whose hook it is, or nobody. */
export function concernedBy(owner: HookOwner) {
  return owner.kind === "user" ? owner.userId : null;
}
