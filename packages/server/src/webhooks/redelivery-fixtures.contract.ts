/** What the suites of redelivering share. */
import assert from "node:assert/strict";
import type { DeliveryId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import type { Redelivered } from "./replay-store.ts";
import type { Next } from "./retry.ts";
import {
  eventOf,
  hookOf,
  ingestClaimed,
  makeHook,
  OF_ANN,
  REFUSED,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

export const HOUR_MS = 3_600_000;
export const LATER_MS = START_MS + HOUR_MS;
export const FAILED: Next = { kind: "failed", because: "attempts-exhausted" };
export const ALL = { kind: "all" } as const;

export const redeliver = ({ replays }: Storage, id: DeliveryId, nowMs = LATER_MS): Promise<Redelivered> =>
  replays.redeliver(id, ALL, nowMs);

/** A delivery to `hook`, tried once. */
export async function ended(storage: Storage, next: Next, over: Partial<Hook> = {}): Promise<Claim> {
  await makeHook(storage, hookOf("hok", OF_ANN, over));
  const claim = await ingestClaimed(storage, eventOf("evt_1"));
  assert.ok(await settleAs(storage, claim, next, REFUSED));
  return claim;
}

export async function registerType(
  { eventTypes }: Storage,
  over: {
    readonly scopes?: readonly string[];
    readonly fieldScopes?: readonly { pointer: string; scopes: readonly string[] }[];
  },
): Promise<void> {
  const shown = {
    description: null,
    schema: {},
    sensitive: [],
    notPassword: [],
    action: "opened",
    examples: [],
  };
  const definition = { ...shown, scopes: null, fieldScopes: [], ...over };
  const bounds = { typesMax: 10, versionsMax: 10, fingerprint: JSON.stringify(over), nowMs: START_MS };
  const put = await eventTypes.putEventType({ type: "issue.opened", definition, ...bounds });
  assert.equal(put.kind, "put");
}
