/** One trouble on one engine: a steady load, the trouble, and then everything that was acknowledged is waited for. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, startCluster } from "../../test/services/postgres-cluster.ts";
import type { Sample } from "../bench.ts";
import { preparePlatform } from "../contenders/platform.ts";
import { createNumbers } from "../load/numbers.ts";
import { type Acknowledged, startReporting } from "../load/patient-provider.ts";
import { NUMBER_FIRST } from "../load/request-bytes.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import type { Arrivals } from "../receiver/arrivals.ts";
import { startReceiver } from "../receiver/receiver.ts";
import { isTroubled, type Scale } from "./scale.ts";
import { tally, tooSoon } from "./tally.ts";
import type { Concerned, Trouble } from "./troubles.ts";

export interface TrialResult {
  readonly sample: Sample;
  readonly faults: readonly string[];
}

export type EngineName = "sqlite" | "postgres";

// Behind the last retry and the pace at which a tenant that has recovered is sent what waited for it.
const QUIET_MS = 45_000;
const POLL_MS = 200;
const RETRIES = 50;
const RECOVERY_PER_S = 1_000;

export async function runTrial(trouble: Trouble, engine: EngineName, scale: Scale): Promise<TrialResult> {
  await using opened = new AsyncDisposableStack();
  const cluster = engine === "postgres" ? await startCluster() : null;
  if (cluster !== null) opened.defer(cluster.stop);
  const folder = mkdtempSync(join(tmpdir(), "trulinks-survive-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const receiver = await startReceiver();
  opened.defer(receiver.close);
  const [tenantPort = 0] = await receiver.listen(1);

  const hasTrouble = (user: number): boolean => isConcerned(trouble.concerned, user);
  const urlOf = (user: number): string =>
    hasTrouble(user) ? `http://127.0.0.1:${tenantPort}/${user}` : `${receiver.url}/${user}`;
  const under = await preparePlatform({
    users: scale.users,
    urlOf,
    hook: { ack_deadline_ms: scale.ackDeadlineMs, ...trouble.hook },
    env: { TRULINKS_POLICY: policyFile(folder, scale), ...databaseOf(cluster) },
  });
  opened.defer(under.close);
  const stage = { under, cluster, receiver, tenantPort };
  const destination = (await trouble.open?.(stage)) ?? null;
  if (destination !== null) opened.defer(destination.close);

  const { port, authorization } = under;
  const reporting = startReporting({ port, authorization, users: scale.users }, createNumbers(), scale);
  await sleep(scale.beforeS * 1_000);
  const beginMs = monotonicMs();
  const backMs = await trouble.run(stage, scale);
  const endMs = monotonicMs();
  await sleep(scale.beforeS * 1_000);
  const acknowledged = await reporting.stop();
  const arrivals = await untilAllArrived((destination ?? receiver).take, acknowledged);

  const userOf = (number: number): number => (number - NUMBER_FIRST) % scale.users;
  const sample = tally({
    acknowledged,
    arrivals,
    troubleMs: [beginMs, endMs],
    backMs,
    isTroubled: (number) => hasTrouble(userOf(number)),
  });
  const early = trouble.part === "busy" ? tooSoon(arrivals, scale.retryAfterS) : 0;
  return {
    sample: { ...sample, failed_tries: reporting.failures() },
    faults: [
      ...((sample["lost"] ?? 0) > 0 ? [`${sample["lost"]} events were acknowledged and never came`] : []),
      ...(early > 0 ? [`${early} requests came sooner than the receiver had asked for`] : []),
      ...reporting.wrong.slice(0, 3).map((answer) => `a provider was answered ${answer}`),
    ],
  };
}

function isConcerned(concerned: Concerned, user: number): boolean {
  return concerned === "everybody" || (concerned === "tenant" && isTroubled(user));
}

/** Hours are seconds here: retries are short, and what recovers is sent faster than by default. */
function policyFile(folder: string, { retryS }: Scale): string {
  const file = join(folder, "policy.yaml");
  const retries = `retries_s: [${Array(RETRIES).fill(retryS).join(", ")}]`;
  writeFileSync(file, `webhooks:\n  ${retries}\n  recovery_per_s: ${RECOVERY_PER_S}\n`);
  return file;
}

function databaseOf(cluster: Cluster | null): Readonly<Record<string, string>> {
  if (cluster === null) return {};
  return { TRULINKS_DATABASE_URL: cluster.url, TRULINKS_SECRET_KEY: randomBytes(32).toString("base64") };
}

async function untilAllArrived(
  take: () => Promise<Arrivals>,
  acknowledged: readonly Acknowledged[],
): Promise<readonly Arrivals[]> {
  const missing = new Set(acknowledged.map(({ number }) => number));
  const all: Arrivals[] = [];
  for (let newestMs = monotonicMs(); ; ) {
    const arrivals = await take();
    all.push(arrivals);
    for (let at = 0; at < arrivals.count; at++)
      if (arrivals.answered[at] === 1) missing.delete(arrivals.numbers[at] ?? 0);
    const nowMs = monotonicMs();
    if (arrivals.count > 0) newestMs = nowMs;
    if (missing.size === 0 || nowMs - newestMs > QUIET_MS) return all;
    await sleep(POLL_MS);
  }
}
