/** What was acknowledged survives `kill -9`: a child process writes and tells of each answer, and is killed. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { EventId, HookId } from "@trulinks/protocol";
import type { Delivery } from "../webhooks/store.ts";
import { ANN, event, type OpenEngine } from "./durability-writer.contract.ts";
import type { Storage } from "./storage.ts";

export interface DurableEngine {
  /** A module that exports `openEngine`, called in the child and here. */
  readonly module: string;
  /** Makes a place for one test's data; what it gives is passed to `openEngine`. */
  place(): Promise<{ readonly argument: string; remove(): Promise<void> }>;
  /** When the deliveries that the killed process had leased can be claimed at the latest. */
  readonly leasesEndAfterMs: number;
}

const KILLS = 6;
/** How long a child may write before it is killed, at most. It is killed at a random moment of that. */
const WRITING_MS_MAX = 300;

export function durabilityContract(name: string, engine: DurableEngine): void {
  describe(`durability of ${name}`, () => {
    test("what was acknowledged survives kill -9", { timeout: 120_000 }, async () => {
      const { argument, remove } = await engine.place();
      const { openEngine } = (await import(engine.module)) as { readonly openEngine: OpenEngine };
      try {
        const acknowledged: string[] = [];
        for (let kill = 0; kill < KILLS; kill++) {
          acknowledged.push(...(await writeAndDie(engine.module, argument, kill)));
        }
        assert.ok(acknowledged.length > KILLS, "the children wrote something");

        const storage = await openEngine(argument);
        try {
          await check(storage, acknowledged, engine.leasesEndAfterMs);
        } finally {
          await storage.close();
        }
      } finally {
        await remove();
      }
    });
  });
}

/** The ids that were acknowledged before the end came. */
async function writeAndDie(module: string, argument: string, run: number): Promise<readonly string[]> {
  const script = fileURLToPath(new URL("./durability-writer.contract.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, module, argument, `${run}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (id) => acknowledged.push(id));
  await Promise.race([once(lines, "line"), failsWith(child)]);
  await sleep(Math.random() * WRITING_MS_MAX);
  const closed = once(lines, "close");
  child.kill("SIGKILL");
  await closed;
  return acknowledged;
}

async function failsWith(child: ChildProcess): Promise<never> {
  const [code, signal] = await once(child, "exit");
  throw new Error(`the writing process ended by itself: ${code ?? signal}`);
}

async function check(
  storage: Storage,
  acknowledged: readonly string[],
  leasesEndAfterMs: number,
): Promise<void> {
  const deliveries = await listAll(storage);
  const events = new Set<string>(deliveries.map(({ eventId }) => eventId));
  const lost = acknowledged.filter((id) => !events.has(id));
  assert.deepEqual(lost, [], "acknowledged and lost");

  const repeats = await storage.webhooks.ingest(
    acknowledged.slice(-50).map((id) => event(id as EventId)),
    { nowMs: Date.now(), countMax: 0, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] },
  );
  assert.ok(repeats.every(({ kind }) => kind === "repeated"));

  for (const hookId of ["hok_one", "hok_two"] as HookId[]) {
    const numbers = deliveries
      .flatMap((delivery) => (delivery.hookId === hookId ? (delivery.sequence ?? 0) : []))
      .sort((one, other) => one - other);
    const expected = numbers.map((_, index) => index + 1);
    assert.deepEqual(numbers, expected, `${hookId} has a hole or a number twice`);
  }

  const claimed = await claimAll(storage, deliveries.length, leasesEndAfterMs);
  assert.equal(claimed, deliveries.length, "every delivery can be claimed");
}

const CLAIMINGS_MAX = 50;
const CLAIMING_PAUSE_MS = 100;

/** How many can be claimed. What the killed process's own transaction still holds locked is passed over at first. */
async function claimAll({ webhooks }: Storage, count: number, leasesEndAfterMs: number): Promise<number> {
  const nowMs = Date.now() + leasesEndAfterMs;
  let claimed = 0;
  for (let claiming = 0; claiming < CLAIMINGS_MAX && claimed < count; claiming++) {
    if (claiming > 0) await sleep(CLAIMING_PAUSE_MS);
    const claims = await webhooks.claimDue({
      nowMs,
      countMax: count + 1,
      retriesMax: 10_000,
      hookMax: count + 1,
      exceptHooks: [],
    });
    claimed += claims.length;
  }
  return claimed;
}

async function listAll({ webhooks, accounts }: Storage): Promise<readonly Delivery[]> {
  assert.ok(await accounts.findUser(ANN));
  const all: Delivery[] = [];
  let after: string | null = null;
  do {
    const page = await webhooks.listDeliveries({ reach: { kind: "all" } }, { after, countMax: 200 });
    all.push(...page.items);
    after = page.next;
  } while (after !== null);
  return all;
}
