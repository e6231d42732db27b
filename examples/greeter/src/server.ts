/** Puts the greeter together: receiver, hook, worker. */
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "./database.ts";
import { ensureHook, type Hook, HookRefused, hookKey } from "./hook.ts";
import { enqueue } from "./jobs.ts";
import { type ReceiverDeps, receive } from "./receiver.ts";
import { createUserSecrets, type UserSecrets } from "./secrets.ts";
import type { Settings } from "./settings.ts";
import { connectTruLinks } from "./trulinks.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface Greeter {
  /** The hook's id, once it stands. Waits for TruLinks as long as that takes; rejects if it refuses for good. */
  readonly ready: Promise<string>;
  stop(): Promise<void>;
}

const HOOK_RETRY_MS_MAX = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

export function startGreeter(settings: Settings, warn: (sentence: string) => void): Greeter {
  const stopping = new AbortController();
  const { signal } = stopping;
  const db = openDatabase(settings.dataFolder);
  const trulinks = connectTruLinks(settings.trulinksUrl, settings, signal);
  const now = Date.now;
  let secrets: UserSecrets | null = null;
  let worker: Worker | null = null;

  const receiver: ReceiverDeps = {
    now,
    hookKey: () => hookKey(db),
    secrets: () => secrets,
    enqueue(webhookId, greeting) {
      enqueue(db, webhookId, greeting, now());
      worker?.wake();
    },
  };
  const server = createReceiver(receiver, warn);

  async function start(): Promise<string> {
    // The receiver is up before the hook is made, because making it brings the ping.
    await listen(server, settings);
    const hook = await waitForHook(() => ensureHook(db, trulinks, settings.hookUrl), warn, signal);
    secrets = createUserSecrets(trulinks, hook.id, now);
    const { tokensFile } = settings;
    worker = startWorker({ db, trulinks, tokensFile, app: hook.app, now, warn, stopping: signal });
    return hook.id;
  }

  const ready = start();
  return {
    ready,
    async stop() {
      stopping.abort();
      await ready.catch(() => {});
      await closeServer(server);
      await worker?.stopped();
      db.close();
    },
  };
}

async function waitForHook(
  ensure: () => Promise<Hook>,
  warn: (sentence: string) => void,
  signal: AbortSignal,
): Promise<Hook> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ensure();
    } catch (error) {
      if (signal.aborted || (error instanceof HookRefused && error.isFinal)) throw error;
      if (attempt === 0) warn(`Waiting for TruLinks: ${error instanceof Error ? error.message : error}.`);
      await sleep(Math.min(HOOK_RETRY_MS_MAX, 100 * 2 ** attempt), undefined, { signal });
    }
  }
}

function createReceiver(deps: ReceiverDeps, warn: (sentence: string) => void): Server {
  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    receive(deps, request, response).catch((error) => {
      warn(`A delivery could not be taken: ${error instanceof Error ? error.message : error}.`);
      // Not acknowledged, so it will come again.
      if (response.headersSent) response.destroy();
      else response.writeHead(503, { "retry-after": "5" }).end();
    });
  });
}

function listen(server: Server, { host, port }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
