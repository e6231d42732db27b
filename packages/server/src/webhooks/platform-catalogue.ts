/** The platform's own events, as types among those that a provider registers: what integrators may ask for and get. */
import type { Page } from "../base/page.ts";
import type { EventType } from "./event-type.ts";
import type { EventTypeStore } from "./event-type-store.ts";
import { HOOK_EVENTS, type HookEventType } from "./platform-event.ts";

const DESCRIPTIONS: Readonly<Record<HookEventType, string>> = {
  "hook.failing": "No attempt at one of your hooks has been answered well for as long as the policy says.",
  "hook.paused": "The same for so long that the hook was paused. What comes is kept for it.",
  "hook.resumed": "A hook that was paused so is active again, and what was kept for it is released.",
};

const DATA_OF_HOOK = {
  type: "object",
  properties: {
    hook: { type: "string", description: "The hook that is meant" },
    url: { type: "string", description: "Host and port of its receiver" },
    since: { type: ["string", "null"], format: "date-time", description: "Since when it failed" },
    outcome: { type: ["string", "null"], description: "How the first of those attempts ended" },
    status: { type: ["integer", "null"], description: "Its answer's status" },
  },
  required: ["hook", "url", "since", "outcome", "status"],
};

const EXAMPLE = {
  ...{ hook: "hok_…", url: "hooks.example.com", since: "2026-11-23T08:00:00.000Z" },
  ...{ outcome: "refused", status: 500 },
};

// What is in force since the first release has no other day.
const AT_MS = Date.UTC(2026, 0, 1);

/** By type, ascending. */
export const PLATFORM_EVENT_TYPES: readonly EventType[] = HOOK_EVENTS.map((type) => ({
  ...{ type, version: 1, atMs: AT_MS, action: type.slice("hook.".length), description: DESCRIPTIONS[type] },
  ...{
    schema: DATA_OF_HOOK,
    sensitive: [],
    notPassword: [],
    examples: [EXAMPLE],
    scopes: null,
    fieldScopes: [],
  },
}));

type Reading = Pick<EventTypeStore, "findEventType" | "listEventTypes">;

/** The registered types with the platform's own among them. */
export function withPlatformTypes(registered: Reading): Reading {
  return {
    async findEventType(type) {
      return PLATFORM_EVENT_TYPES.find((own) => own.type === type) ?? (await registered.findEventType(type));
    },
    async listEventTypes(request) {
      const { after, countMax } = request;
      const own = PLATFORM_EVENT_TYPES.filter(({ type }) => after === null || type > after);
      return merged(own, await registered.listEventTypes(request), countMax);
    },
  };
}

/** Of a page that is full nothing of ours comes behind its last. */
function merged(
  own: readonly EventType[],
  { items, next }: Page<EventType>,
  countMax: number,
): Page<EventType> {
  const all = [...own, ...items].sort((one, other) => (one.type < other.type ? -1 : 1));
  const isMore = next !== null || all.length > countMax;
  const shown = all.slice(0, countMax);
  return { items: shown, next: isMore ? (shown.at(-1)?.type ?? null) : null };
}
