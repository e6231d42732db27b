/** Where the demo's two programs will listen: the ports of the start before, if they are free. */
import { createServer } from "node:net";
import { join } from "node:path";
import { readKept, writeKept } from "./kept.ts";

export interface DemoPlan {
  /** The demo's own part of the data folder. */
  readonly folder: string;
  readonly trackerPort: number;
  readonly greeterPort: number;
  /** The upstream of the gateway. */
  readonly trackerUrl: string;
  readonly greeterUrl: string;
}

interface Ports {
  readonly tracker: number;
  readonly greeter: number;
}

export const DEMO_HOST = "127.0.0.1";
const PORTS_FILE = "ports.json";

/** Writes nothing: until the data folder is held, it may be another instance's. */
export async function planDemo(dataFolder: string): Promise<DemoPlan> {
  const folder = join(dataFolder, "demo");
  const kept = readKept<Partial<Ports>>(folder, PORTS_FILE);
  const trackerPort = await freePort(kept?.tracker);
  const greeterPort = await freePort(kept?.greeter);
  return {
    folder,
    trackerPort,
    greeterPort,
    trackerUrl: `http://${DEMO_HOST}:${trackerPort}`,
    greeterUrl: `http://${DEMO_HOST}:${greeterPort}`,
  };
}

export function keepPorts({ folder, trackerPort, greeterPort }: DemoPlan): void {
  writeKept<Ports>(folder, PORTS_FILE, { tracker: trackerPort, greeter: greeterPort });
}

/** The wanted port if it is free, else any other. */
async function freePort(wanted: unknown): Promise<number> {
  if (typeof wanted === "number") {
    const port = await tryPort(wanted);
    if (port !== null) return port;
  }
  return (await tryPort(0)) ?? 0;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, DEMO_HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : null));
    });
  });
}
