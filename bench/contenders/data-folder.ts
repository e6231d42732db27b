/**
 * The platform's store while the platform is down, through its ports: a million of something over HTTP would take an
 * hour, and how it came there makes no difference afterwards.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type EventId, formatSecret, ID_CHANCE_BYTES, makeId, type UserId, utf8 } from "@trulinks/protocol";
import { systemClock } from "../../packages/server/src/base/clock.ts";
import { systemDice } from "../../packages/server/src/base/dice.ts";
import { createLog } from "../../packages/server/src/base/log.ts";
import { createVault, type Vault } from "../../packages/server/src/secrets/vault.ts";
import { openStorage } from "../../packages/server/src/storage/open.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import type { ClaimRequest } from "../../packages/server/src/webhooks/claim.ts";
import { type Hook, SOUND } from "../../packages/server/src/webhooks/hook.ts";
import type { NewEvent } from "../../packages/server/src/webhooks/new-event.ts";
import { secretRow } from "../../packages/server/src/webhooks/signing-secrets.ts";
import { dataText, EVENT_PATTERN, EVENT_TYPE, userId } from "../load/request-bytes.ts";
import { inLanes } from "./in-lanes.ts";

export function openStore(dataFolder: string): Promise<Storage> {
  const log = createLog({ level: "warn" });
  return openStorage({ dataFolder, databaseUrl: null, clock: systemClock, dice: systemDice, log });
}

/** Events are stored so many at once, and so many calls are under way: memory stays small, commits large. */
const EVENTS_PER_CALL = 500;
const CALLS = 4;
// Verbs that are called within one commit share it.
const HOOK_LANES = 2_000;

export const NOTHING_CLAIMED = { countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] } as const;

/** Event `n` from `numberFirst` on is for user `n % users`; all of it waits. */
export async function storeEvents(
  { webhooks }: Storage,
  {
    count,
    numberFirst,
    users,
  }: { readonly count: number; readonly numberFirst: number; readonly users: number },
  onProgress: (done: number) => void,
): Promise<void> {
  let done = 0;
  await inLanes(Math.ceil(count / EVENTS_PER_CALL), CALLS, async (call) => {
    const first = call * EVENTS_PER_CALL;
    const events = Array.from({ length: Math.min(EVENTS_PER_CALL, count - first) }, (_, index) => {
      const n = numberFirst + first + index;
      return eventOf(n, [n % users]);
    });
    await webhooks.ingest(events, { nowMs: Date.now(), ...NOTHING_CLAIMED } satisfies ClaimRequest);
    done += events.length;
    onProgress(done);
  });
}

export function eventOf(n: number, users: readonly number[]): NewEvent {
  const nowMs = Date.now();
  return {
    id: makeId("event", nowMs, systemDice.bytes(ID_CHANCE_BYTES)) satisfies EventId,
    receiptKeys: [],
    fingerprint: "",
    type: EVENT_TYPE,
    action: "sent",
    data: dataText(n),
    userIds: users.map((index) => userId(index) as UserId),
    groupIds: [],
    atMs: nowMs,
    key: null,
    expiresAtMs: null,
    sensitive: [],
    scopes: null,
    fieldScopes: [],
    trace: null,
  };
}

/** Users with one hook each, whose secrets the platform can open. */
export async function storeHooks(
  { accounts, webhooks }: Storage,
  dataFolder: string,
  { count, urlOf }: { readonly count: number; readonly urlOf: (index: number) => string },
  onProgress: (done: number) => void,
): Promise<void> {
  const key = Buffer.from(readFileSync(join(dataFolder, "secret.key"), "utf8"), "base64");
  const vault = createVault(key, systemDice);
  let done = 0;
  await inLanes(count, HOOK_LANES, async (index) => {
    const id = userId(index) as UserId;
    await accounts.createUser({ id, name: null, email: null, createdAtMs: Date.now() });
    const hook = hookOf(id, urlOf(index));
    const made = await webhooks.createHook(hook, sealedSecret(vault, hook), { ownedMax: 100, knock: null });
    if (made.kind !== "made") throw new Error(`The hook of ${id} was not made: ${made.kind}.`);
    onProgress(++done);
  });
}

function hookOf(user: UserId, url: string): Hook {
  const nowMs = Date.now();
  return {
    id: makeId("hook", nowMs, systemDice.bytes(ID_CHANCE_BYTES)),
    owner: { kind: "user", userId: user },
    url,
    events: [EVENT_PATTERN],
    filter: [],
    include: null,
    secretPer: "hook",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    serial: false,
    state: "active",
    health: SOUND,
    createdAtMs: nowMs,
  };
}

function sealedSecret(vault: Vault, { id }: Hook): Uint8Array {
  return vault.seal(utf8(formatSecret(systemDice.bytes(32))), secretRow(id));
}
