/**
 * The process that is killed: `node durability-writer.contract.ts MODULE ARGUMENT RUN`. It reports events to the engine
 * that MODULE opens, several at a time, and prints the id of each that was acknowledged, until it dies.
 */
import { writeSync } from "node:fs";
import type { EventId, HookId, UserId } from "@trulinks/protocol";
import { type Hook, SOUND } from "../webhooks/hook.ts";
import type { NewEvent } from "../webhooks/new-event.ts";
import type { Storage } from "./storage.ts";

export type OpenEngine = (argument: string) => Promise<Storage>;

export const ANN = "ann" as UserId;

const WRITERS = 8;
const STANDARD_OUTPUT = 1;

export function event(id: EventId): NewEvent {
  return {
    id,
    receiptKeys: [`id:${id}`],
    fingerprint: `fingerprint of ${id}`,
    type: "issue.opened",
    action: "opened",
    data: JSON.stringify({ text: "x".repeat(2_000) }),
    userIds: [ANN],
    groupIds: [],
    key: null,
    expiresAtMs: null,
    sensitive: [],
    scopes: null,
    fieldScopes: [],
    trace: null,
    atMs: Date.now(),
  };
}

const [, script, module, argument = "", run = ""] = process.argv;
if (import.meta.filename === script && module !== undefined) {
  const { openEngine } = (await import(module)) as { readonly openEngine: OpenEngine };
  const storage = await openEngine(argument);
  await prepare(storage);
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(storage, `evt_${run}_${writer}`)));
}

async function prepare({ accounts, webhooks }: Storage): Promise<void> {
  await accounts.putUser({ id: ANN, name: null, email: null, createdAtMs: Date.now() });
  for (const id of ["hok_one", "hok_two"] as HookId[]) {
    if ((await webhooks.findHook(id)) !== null) continue;
    await webhooks.createHook(hook(id), new Uint8Array(32), { ownedMax: 10, knock: null });
  }
}

// Ends when the process is killed: that is what it is for.
async function write({ webhooks }: Storage, prefix: string): Promise<never> {
  for (let n = 0; ; n++) {
    const events = [event(`${prefix}_${n}a` as EventId), event(`${prefix}_${n}b` as EventId)];
    await webhooks.ingest(events, {
      nowMs: Date.now(),
      countMax: n % 3,
      retriesMax: 10_000,
      hookMax: 10_000,
      exceptHooks: [],
    });
    // Written before anything else happens: a buffered line would die with the process and prove nothing.
    writeSync(STANDARD_OUTPUT, events.map(({ id }) => `${id}\n`).join(""));
  }
}

function hook(id: HookId): Hook {
  return {
    id,
    owner: { kind: "user", userId: ANN },
    url: "https://receiver.example/",
    events: ["*"],
    secretPer: "hook",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    health: SOUND,
    createdAtMs: Date.now(),
  };
}
