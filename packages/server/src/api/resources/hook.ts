/** Hooks on the wire, for both APIs. */
import {
  EVENT_PATTERN_PATTERN,
  EVENT_TYPE_CHARACTERS_MAX,
  type HookId,
  type UserId,
} from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import { Secret } from "../../base/secret.ts";
import {
  ACK_DEADLINE_MS_MAX,
  ACK_DEADLINE_MS_MIN,
  HOOK_EVENTS_MAX,
  HOOK_IN_FLIGHT_MAX,
  HOOK_STATES,
  HOOK_URL_CHARACTERS_MAX,
  HOOKS_PER_OWNER_MAX,
  type Hook,
  type HookOwner,
} from "../../webhooks/hook.ts";
import type { HookChanged, HookCreated, HookFlaw, HookRequest, LiveSecret } from "../../webhooks/hooks.ts";
import type { HookChange } from "../../webhooks/store.ts";
import { flaw, missing, Refusal } from "../problem.ts";
import { closed, Id, nullable, Time, timeOf } from "../schemas.ts";

const CA_CHARACTERS_MAX = 32 * 1024;

const SecretPer = Type.Enum(["user", "hook"], {
  description: "Whether what concerns a user is signed with that user's own secret, or all with the hook's",
});
const Signature = Type.Enum(["standard", "github"]);
const Retries = Type.Enum(["default", "none"]);

const members = {
  id: Id,
  user: Type.Optional(Id),
  app: Type.Optional(Id),
  url: Type.String(),
  events: Type.Array(Type.String()),
  secret_per: SecretPer,
  signature: Signature,
  verify_tls: Type.Boolean(),
  ca: nullable(Type.String()),
  ack_deadline_ms: Type.Integer(),
  retries: Retries,
  in_flight_max: Type.Integer(),
  state: Type.Enum([...HOOK_STATES]),
  created_at: Time,
};

export const HookShape = closed(members, { $id: "Hook", description: "Belongs to a user or to an app" });

export const NewHookShape = closed(
  { ...members, secret: Type.String({ description: "The hook's own secret, shown this once" }) },
  { $id: "NewHook" },
);

export const HookSecretShape = closed(
  { secret: Type.String({ description: "Shown this once; the old one signs beside it for 24 h" }) },
  { $id: "HookSecret" },
);

export const UserSecretShape = closed(
  {
    user: Id,
    secret: Type.String({ description: "The newest" }),
    secrets: Type.Array(
      closed({
        secret: Type.String(),
        version: Type.Integer(),
        until: nullable(Time),
      }),
      { description: "Those that sign now, newest first; `until` is null for the newest" },
    ),
  },
  { $id: "UserSecret" },
);

export const PingShape = closed(
  { id: Type.String({ description: "The id of the ping's event" }) },
  { $id: "Ping" },
);

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
  verify_tls: Type.Boolean(),
  ca: nullable(Type.String({ maxLength: CA_CHARACTERS_MAX, description: "Certificates in PEM" })),
  ack_deadline_ms: Type.Integer({ minimum: ACK_DEADLINE_MS_MIN, maximum: ACK_DEADLINE_MS_MAX }),
  retries: Retries,
  in_flight_max: Type.Integer({ minimum: 1, maximum: HOOK_IN_FLIGHT_MAX }),
};

export const hookBodyMembers = {
  url: changeable.url,
  events: changeable.events,
  secret: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: "Made by the platform if left out" }),
  ),
  secret_per: Type.Optional(SecretPer),
  signature: Type.Optional(Signature),
  verify_tls: Type.Optional(changeable.verify_tls),
  ca: Type.Optional(changeable.ca),
  ack_deadline_ms: Type.Optional(changeable.ack_deadline_ms),
  retries: Type.Optional(Retries),
  in_flight_max: Type.Optional(changeable.in_flight_max),
};

export const HookBody = closed(hookBodyMembers);

export const HookChangeBody = closed({
  url: Type.Optional(changeable.url),
  events: Type.Optional(changeable.events),
  verify_tls: Type.Optional(changeable.verify_tls),
  ca: Type.Optional(changeable.ca),
  ack_deadline_ms: Type.Optional(changeable.ack_deadline_ms),
  retries: Type.Optional(Retries),
  in_flight_max: Type.Optional(changeable.in_flight_max),
  state: Type.Optional(Type.Enum(["active", "paused"])),
});

export function hookShape(hook: Hook): Static<typeof HookShape> {
  return {
    id: hook.id,
    ...(hook.owner.kind === "user" ? { user: hook.owner.userId } : { app: hook.owner.appId }),
    url: hook.url,
    events: [...hook.events],
    secret_per: hook.secretPer,
    signature: hook.signature,
    verify_tls: hook.verifyTls,
    ca: hook.ca,
    ack_deadline_ms: hook.ackDeadlineMs,
    retries: hook.retries,
    in_flight_max: hook.inFlightMax,
    state: hook.state,
    created_at: timeOf(hook.createdAtMs),
  };
}

export function userSecretShape(user: UserId, live: readonly LiveSecret[]): Static<typeof UserSecretShape> {
  const secrets = live.map(({ secret, version, untilMs }) => ({
    secret: secret.reveal(),
    version,
    until: untilMs === null ? null : timeOf(untilMs),
  }));
  return { user, secret: secrets[0]?.secret ?? "", secrets };
}

export function hookRequestOf(owner: HookOwner, body: Static<typeof HookBody>): HookRequest {
  return {
    owner,
    url: body.url,
    events: body.events,
    ...(body.secret === undefined ? {} : { secret: new Secret(body.secret) }),
    ...(body.secret_per === undefined ? {} : { secretPer: body.secret_per }),
    ...(body.signature === undefined ? {} : { signature: body.signature }),
    ...(body.verify_tls === undefined ? {} : { verifyTls: body.verify_tls }),
    ...(body.ca === undefined || body.ca === null ? {} : { ca: body.ca }),
    ...(body.ack_deadline_ms === undefined ? {} : { ackDeadlineMs: body.ack_deadline_ms }),
    ...(body.retries === undefined ? {} : { retries: body.retries }),
    ...(body.in_flight_max === undefined ? {} : { inFlightMax: body.in_flight_max }),
  };
}

export function hookChangeOf(body: Static<typeof HookChangeBody>): HookChange {
  return {
    ...(body.url === undefined ? {} : { url: body.url }),
    ...(body.events === undefined ? {} : { events: body.events }),
    ...(body.verify_tls === undefined ? {} : { verifyTls: body.verify_tls }),
    ...(body.ca === undefined ? {} : { ca: body.ca }),
    ...(body.ack_deadline_ms === undefined ? {} : { ackDeadlineMs: body.ack_deadline_ms }),
    ...(body.retries === undefined ? {} : { retries: body.retries }),
    ...(body.in_flight_max === undefined ? {} : { inFlightMax: body.in_flight_max }),
    ...(body.state === undefined ? {} : { state: body.state }),
  };
}

/** The made hook with its secret, or the refusal that says why there is none. */
export function newHookShape(created: HookCreated, owner: HookOwner): Static<typeof NewHookShape> {
  switch (created.kind) {
    case "made":
      return { ...hookShape(created.hook), secret: created.secret.reveal() };
    case "flawed":
      throw flawedHook(created);
    case "unknown-owner":
      throw missing("Hook", owner.kind);
    case "too-many":
      throw new Refusal("too-many", { detail: `An owner has at most ${HOOKS_PER_OWNER_MAX} hooks.` });
    case "too-many-pending":
      throw tooManyPending();
    default:
      return created satisfies never;
  }
}

/** The changed hook, or the refusal that says why it stays as it is. */
export function changedHookShape(changed: HookChanged): Static<typeof HookShape> {
  switch (changed.kind) {
    case "changed":
      return hookShape(changed.hook);
    case "flawed":
      throw flawedHook(changed);
    case "unknown-hook":
      throw new Refusal("not-found");
    case "too-many-pending":
      throw tooManyPending();
    default:
      return changed satisfies never;
  }
}

function flawedHook({ member, message }: HookFlaw): Refusal {
  const error = { resource: "Hook", field: member, code: "invalid", message, pointer: `/${member}` } as const;
  return new Refusal(member === "url" ? "url-refused" : "validation-failed", {
    detail: message,
    errors: [error],
  });
}

/** Why no further hook at that host can wait for its receiver's first answer. */
function tooManyPending(): Refusal {
  return new Refusal("too-many", {
    detail: "As many hooks as the policy allows wait at this host for the receiver's answer to their pings.",
  });
}

/** Why a hook that exists cannot be pinged. */
export function unpingable(): Refusal {
  const message = "The hook is disabled, since its receiver answered 410 Gone. Make it active first.";
  return flaw({ resource: "Hook", field: "state", code: "unprocessable", message });
}

export function hookIdOf(params: { readonly hook: string }): HookId {
  return params.hook as HookId;
}
