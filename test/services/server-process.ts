/** A server that tests start for themselves: in a folder that goes with it, on a port that is free, with its log kept. */
import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

export interface ServerPlan {
  /** As people call it. */
  readonly name: string;
  readonly program: string;
  readonly argsFor: (port: number) => readonly string[];
  /** Its own; removed when it has ended. */
  readonly folder: string;
  readonly account: Account;
  /** Resolves when it answers on that port, rejects while it does not. */
  readonly probe: (port: number) => Promise<void>;
  /** What ends it quickly with everything written. */
  readonly endSignal: NodeJS.Signals;
}

export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  /** Ends it, and leaves its folder as it is. */
  halt(): Promise<void>;
  /** Starts it again after `halt`, on the same port; resolves when it answers. */
  resume(): Promise<void>;
  /** Ends it and removes its folder. Working twice does no harm. */
  stop(): Promise<void>;
}

const STARTS_MAX = 5;
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;

export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  for (let start = 1; ; start++) {
    // Between finding a port and listening there, somebody else may take it.
    const port = await findFreePort();
    const server = await spawnServer(plan, port);
    if (await isReady(server, () => plan.probe(port))) return runningServer(plan, port, server);
    if (start === STARTS_MAX) throw await startFailure(plan);
  }
}

function runningServer(plan: ServerPlan, port: number, first: ChildProcess): RunningServer {
  let server = first;
  return {
    port,
    get pid() {
      return server.pid ?? 0;
    },
    halt: () => endServer(server, plan),
    async resume() {
      server = await spawnServer(plan, port);
      if (!(await isReady(server, () => plan.probe(port)))) throw await startFailure(plan);
    },
    async stop() {
      await endServer(server, plan);
      await rm(plan.folder, { recursive: true, force: true });
    },
  };
}

async function startFailure({ name, folder }: ServerPlan): Promise<Error> {
  const log = await readFile(join(folder, "log"), "utf8");
  return new Error(`${name} did not start. Its log ends with:\n${log.slice(-2_000)}`);
}

export async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free on 127.0.0.1.");
  return address.port;
}

async function spawnServer(
  { program, argsFor, folder, account }: ServerPlan,
  port: number,
): Promise<ChildProcess> {
  const log = await open(join(folder, "log"), "a");
  try {
    const server = spawn(program, argsFor(port), {
      ...account,
      cwd: folder,
      stdio: ["ignore", log.fd, log.fd],
      // A process group of its own: Ctrl-C reaches us, and we end it after the tests that use it.
      detached: true,
    });
    server.on("error", () => {});
    return server;
  } finally {
    await log.close();
  }
}

const hasEnded = (server: ChildProcess): boolean =>
  server.pid === undefined || server.exitCode !== null || server.signalCode !== null;

/** False: it ended, or never answered. */
async function isReady(server: ChildProcess, probe: () => Promise<void>): Promise<boolean> {
  const deadlineMs = Date.now() + READY_MS_MAX;
  while (Date.now() < deadlineMs && !hasEnded(server)) {
    try {
      await probe();
      return true;
    } catch {
      await sleep(50);
    }
  }
  if (!hasEnded(server)) server.kill("SIGKILL");
  return false;
}

async function endServer(server: ChildProcess, { endSignal }: ServerPlan): Promise<void> {
  if (hasEnded(server)) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill(endSignal);
  const giveUp = new AbortController();
  const late = sleep(STOP_MS_MAX, "late", { signal: giveUp.signal }).catch(() => "ended");
  if ((await Promise.race([ended, late])) === "late") {
    server.kill("SIGKILL");
    await ended;
  }
  giveUp.abort();
}
