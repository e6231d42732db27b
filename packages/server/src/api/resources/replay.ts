/** Replays on the wire, for both APIs. */
import type { AppId, HookId, UserId } from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import {
  REPLAY_PER_S_MAX,
  REPLAY_PER_S_MIN,
  REPLAY_STATES,
  REPLAYABLE_STATES,
  type Replay,
  type ReplayFilter,
} from "../../webhooks/replay.ts";
import type { ReplayChange } from "../../webhooks/replay-store.ts";
import { flaw } from "../problem.ts";
import { closed, GivenId, Id, nullable, Time, timeOf } from "../schemas.ts";

const PerS = nullable(
  Type.Number({
    minimum: REPLAY_PER_S_MIN,
    maximum: REPLAY_PER_S_MAX,
    description: "How many deliveries are made due a second, at most; null: as many as are worked off",
  }),
);

export const ReplayShape = closed(
  {
    id: Id,
    state: Type.Enum([...REPLAY_STATES]),
    hook: nullable(Type.String({ description: "Of this hook only" })),
    user: nullable(Type.String({ description: "What concerns this user only" })),
    app: nullable(Type.String({ description: "Of this app's hooks only" })),
    type: nullable(Type.String({ description: "Events of this type only" })),
    since: nullable({ ...Time, description: "Made at this time or later" }),
    after: nullable(Type.Integer({ description: "With a greater number than this" })),
    states: Type.Array(Type.Enum([...REPLAYABLE_STATES])),
    per_s: PerS,
    total: nullable(
      Type.Integer({ description: "How many deliveries it is about; null until they are counted" }),
    ),
    done: Type.Integer({ description: "How many have been made to wait once more" }),
    skipped: Type.Integer({
      description:
        "How many cannot be delivered again: their hook, grant or payload is gone, or they were under way",
    }),
    created_at: Time,
    ended_at: nullable(Time),
  },
  { $id: "Replay" },
);

export const ReplayBody = closed({
  hook: Type.Optional(GivenId),
  user: Type.Optional(GivenId),
  app: Type.Optional(GivenId),
  type: Type.Optional(
    Type.String({ maxLength: 128, pattern: "^[a-z0-9_.]+$", description: "an event type" }),
  ),
  since: Type.Optional(
    Type.String({ format: "date-time", description: "a time: what was made then or later" }),
  ),
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "a delivery's number at the hook: what has a greater one",
    }),
  ),
  states: Type.Optional(
    Type.Array(Type.Enum([...REPLAYABLE_STATES]), {
      minItems: 1,
      maxItems: REPLAYABLE_STATES.length,
      uniqueItems: true,
      description: 'which have ended so; `["failed"]` if left out',
    }),
  ),
  per_s: Type.Optional(PerS),
});

export const ReplayChangeBody = closed({
  state: Type.Optional(Type.Enum(["running", "paused"])),
  per_s: Type.Optional(PerS),
});

/** Throws the refusal of what no schema says. */
export function replayFilterOf(body: Static<typeof ReplayBody>): ReplayFilter {
  const { hook, user, app, type, since, after, states = ["failed"] } = body;
  if (after !== undefined && hook === undefined) {
    throw flawOf("after", "after is a number of one hook's deliveries: name that hook, too.");
  }
  if (after !== undefined && since !== undefined) throw flawOf("after", "Say after or since, not both.");
  return {
    ...(hook === undefined ? {} : { hookId: hook as HookId }),
    ...(user === undefined ? {} : { userId: user as UserId }),
    ...(app === undefined ? {} : { appId: app as AppId }),
    ...(type === undefined ? {} : { type }),
    ...(since === undefined ? {} : { sinceMs: sinceMsOf(since) }),
    ...(after === undefined ? {} : { after }),
    states,
  };
}

// The format lets through what is no time, such as a leap second, and times before 1970, which no id has.
function sinceMsOf(text: string): number {
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return Math.max(timeMs, 0);
  throw flawOf("since", "since must be a time such as 2026-11-23T08:00:00.000Z.");
}

function flawOf(field: string, message: string): Error {
  return flaw({ resource: "Replay", field, code: "invalid", message });
}

export function replayChangeOf({ state, per_s }: Static<typeof ReplayChangeBody>): ReplayChange {
  return { ...(state === undefined ? {} : { state }), ...(per_s === undefined ? {} : { perS: per_s }) };
}

export function replayShape({ filter, ...replay }: Replay): Static<typeof ReplayShape> {
  return {
    id: replay.id,
    state: replay.state,
    hook: filter.hookId ?? null,
    user: filter.userId ?? null,
    app: filter.appId ?? null,
    type: filter.type ?? null,
    since: filter.sinceMs === undefined ? null : timeOf(filter.sinceMs),
    after: filter.after ?? null,
    states: [...filter.states],
    per_s: replay.perS,
    total: replay.total,
    done: replay.done,
    skipped: replay.skipped,
    created_at: timeOf(replay.createdAtMs),
    ended_at: replay.endedAtMs === null ? null : timeOf(replay.endedAtMs),
  };
}
