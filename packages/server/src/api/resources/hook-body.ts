/** What a hook is made with and changed by, for both APIs. */
import { EVENT_PATTERN_PATTERN, EVENT_TYPE_CHARACTERS_MAX } from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import { Secret } from "../../base/secret.ts";
import {
  ACK_DEADLINE_MS_MAX,
  ACK_DEADLINE_MS_MIN,
  HOOK_EVENTS_MAX,
  HOOK_IN_FLIGHT_MAX,
  HOOK_RELEASE_PER_S_MAX,
  HOOK_URL_CHARACTERS_MAX,
  type HookOwner,
} from "../../webhooks/hook.ts";
import type { HookRequest } from "../../webhooks/hooks.ts";
import type { HookChange } from "../../webhooks/store.ts";
import { closed, nullable } from "../schemas.ts";
import { Filter, filterOf, Include } from "./hook-filter.ts";

const CA_CHARACTERS_MAX = 32 * 1024;

export const SecretPer = Type.Enum(["user", "hook"], {
  description: "Whether what concerns a user is signed with that user's own secret, or all with the hook's",
});
export const Signature = Type.Enum(["standard", "github"]);
export const Retries = Type.Enum(["default", "none"]);

const changeable = {
  url: Type.String({ minLength: 1, maxLength: HOOK_URL_CHARACTERS_MAX }),
  events: Type.Array(
    Type.String({
      maxLength: EVENT_TYPE_CHARACTERS_MAX,
      pattern: EVENT_PATTERN_PATTERN,
      description: "a type such as issue.opened, a pattern such as issue.*, or *",
    }),
    { minItems: 1, maxItems: HOOK_EVENTS_MAX },
  ),
  filter: Filter,
  include: Include,
  verify_tls: Type.Boolean({
    description: "False: any certificate is believed; the hook is not `secured` then",
  }),
  ca: nullable(Type.String({ maxLength: CA_CHARACTERS_MAX, description: "Certificates in PEM" })),
  ack_deadline_ms: Type.Integer({ minimum: ACK_DEADLINE_MS_MIN, maximum: ACK_DEADLINE_MS_MAX }),
  retries: Retries,
  serial: Type.Boolean({
    description: "One delivery at a time, in the order of their numbers, each final before the next",
  }),
  in_flight_max: Type.Integer({ minimum: 1, maximum: HOOK_IN_FLIGHT_MAX }),
};

const optional = {
  filter: Type.Optional(changeable.filter),
  include: Type.Optional(changeable.include),
  verify_tls: Type.Optional(changeable.verify_tls),
  ca: Type.Optional(changeable.ca),
  ack_deadline_ms: Type.Optional(changeable.ack_deadline_ms),
  retries: Type.Optional(changeable.retries),
  serial: Type.Optional(changeable.serial),
  in_flight_max: Type.Optional(changeable.in_flight_max),
};

export const hookBodyMembers = {
  url: changeable.url,
  events: changeable.events,
  secret: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: "Made by the platform if left out" }),
  ),
  secret_per: Type.Optional(SecretPer),
  signature: Type.Optional(Signature),
  ...optional,
};

export const HookBody = closed(hookBodyMembers);

export const HookChangeBody = closed({
  url: Type.Optional(changeable.url),
  events: Type.Optional(changeable.events),
  ...optional,
  state: Type.Optional(Type.Enum(["active", "paused"])),
  release_per_s: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        maximum: HOOK_RELEASE_PER_S_MAX,
        description:
          'Only with `state: "active"`: how many of the deliveries kept for it are released a second; null: as fast as it goes; without it: as the policy says (`webhooks.release_per_s`)',
      }),
    ),
  ),
});

export function hookRequestOf(owner: HookOwner, body: Static<typeof HookBody>): HookRequest {
  const { secret, secret_per, signature, ca, ...rest } = body;
  return {
    owner,
    ...settingsOf(rest),
    url: body.url,
    events: body.events,
    ...(secret === undefined ? {} : { secret: new Secret(secret) }),
    ...(secret_per === undefined ? {} : { secretPer: secret_per }),
    ...(signature === undefined ? {} : { signature }),
    ...(ca === undefined || ca === null ? {} : { ca }),
  };
}

export function hookChangeOf(body: Static<typeof HookChangeBody>): HookChange {
  const { url, events, ca, state, release_per_s } = body;
  return {
    ...settingsOf(body),
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events }),
    ...(ca === undefined ? {} : { ca }),
    ...(state === undefined ? {} : { state }),
    ...(release_per_s === undefined ? {} : { releasePerS: release_per_s }),
  };
}

type Settings = Pick<
  HookChange,
  "filter" | "include" | "verifyTls" | "ackDeadlineMs" | "retries" | "serial" | "inFlightMax"
>;

/** What means the same when a hook is made and when it is changed. */
function settingsOf(body: Static<typeof HookChangeBody>): Settings {
  const { filter, include, verify_tls, ack_deadline_ms, retries, serial, in_flight_max } = body;
  return {
    ...(filter === undefined ? {} : { filter: filterOf(filter) }),
    ...(include === undefined ? {} : { include }),
    ...(verify_tls === undefined ? {} : { verifyTls: verify_tls }),
    ...(ack_deadline_ms === undefined ? {} : { ackDeadlineMs: ack_deadline_ms }),
    ...(retries === undefined ? {} : { retries }),
    ...(serial === undefined ? {} : { serial }),
    ...(in_flight_max === undefined ? {} : { inFlightMax: in_flight_max }),
  };
}
