/** What waits for a hook, on the wire. */
import { type Static, Type } from "typebox";
import type { HookBacklog } from "../../webhooks/backlog-store.ts";
import { WAITING_BECAUSE, type WaitingBecause } from "../../webhooks/delivery.ts";
import { closed, nullable, Time, timeOf } from "../schemas.ts";

/** Some milliseconds of the store's time, whatever waits. */
export const BACKLOG_COUNT_MAX = 10_000;
/** In lists, for each of up to 200 hooks. */
export const BACKLOG_LISTED_COUNT_MAX = 500;

const reasons = Object.fromEntries(WAITING_BECAUSE.map((because) => [because, Type.Integer()]));

export const BacklogMember = closed(
  {
    waiting: Type.Integer({
      description:
        "Deliveries that wait, and those under way. The oldest 10 000 are counted, in lists the oldest 500 of each hook",
    }),
    more: Type.Boolean({ description: "Whether more wait than were counted" }),
    bytes: Type.Integer({ description: "Of the data of those that were counted" }),
    oldest_at: nullable(Time),
    next_try_at: {
      ...nullable(Time),
      description:
        "When the next that nobody works on is due; in the past if it waits for a place, null if all are kept or under way",
    },
    because: closed(reasons as Record<WaitingBecause, Type.TInteger>, {
      description: "How many of those that were counted wait for each reason",
    }),
  },
  { description: "What waits for it" },
);

export function backlogShape(backlog: HookBacklog): Static<typeof BacklogMember> {
  const { waiting, isMore, bytes, oldestAtMs, nextTryAtMs, because } = backlog;
  return {
    waiting,
    more: isMore,
    bytes,
    oldest_at: oldestAtMs === null ? null : timeOf(oldestAtMs),
    next_try_at: nextTryAtMs === null ? null : timeOf(nextTryAtMs),
    because: { ...because },
  };
}
