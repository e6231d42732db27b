/** A tracker in this process, with the users ada, grace and linus, in front of a sink. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startTracker } from "../server.ts";
import type { Settings } from "../settings.ts";
import { type Answer, type CallOptions, call, callAsGateway, TEST_IDENTITY_KEY } from "./as-gateway.ts";
import { SINK_OPERATOR_KEY, type Sink, startSink } from "./sink.ts";

export interface Running {
  readonly url: string;
  readonly settings: Settings;
  readonly sink: Sink;
  /** What the tracker wrote for its operator. */
  readonly warnings: readonly string[];
  as(user: string | null, method: string, target: string, options?: CallOptions): Promise<Answer>;
  asOperator(method: string, target: string, body?: unknown): Promise<Answer>;
  /** Resolves when the outbox is empty. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRunning(): Promise<Running> {
  const dataFolder = await mkdtemp(join(tmpdir(), "tracker-"));
  const sink = await startSink();
  const warnings: string[] = [];
  const settings = {
    host: "127.0.0.1",
    port: 0,
    dataFolder,
    trulinksUrl: sink.url,
    operatorKey: SINK_OPERATOR_KEY,
    identityKey: TEST_IDENTITY_KEY,
  };
  const tracker = await startTracker(settings, (sentence) => warnings.push(sentence));
  const asOperator: Running["asOperator"] = (method, target, body) =>
    call(tracker.url, method, target, { body, headers: { authorization: `Bearer ${SINK_OPERATOR_KEY}` } });
  for (const id of ["ada", "grace", "linus"])
    await asOperator("POST", "/users", { id, name: id.toUpperCase() });

  return {
    url: tracker.url,
    settings,
    sink,
    warnings,
    asOperator,
    as: (user, method, target, options = {}) =>
      callAsGateway(tracker.url, method, target, { ...(user === null ? {} : { user }), ...options }),
    async settled() {
      while ((await asOperator("GET", "/outbox")).body.waiting > 0) await sleep(5);
    },
    async stop() {
      await tracker.stop();
      await sink.stop();
      await rm(dataFolder, { recursive: true });
    },
  };
}
