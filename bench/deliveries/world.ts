/** What the parts of one run share. */
import type { BenchOptions } from "../bench.ts";
import { type ServicesBeside, startServices } from "../contenders/services.ts";
import { createNumbers, type Numbers } from "../load/numbers.ts";
import type { Watched } from "../measure/processes.ts";
import { type Receiver, startReceiver } from "../receiver/receiver.ts";
import type { Scale } from "./scale.ts";
import { createSystems, type Systems } from "./systems.ts";

export interface World extends Omit<BenchOptions, "only"> {
  readonly scale: Scale;
  readonly receiver: Receiver;
  readonly numbers: Numbers;
  /** Those that several parts look at. */
  readonly systems: Systems;
  /** Events a second by row, as `throughput` found them in this run. */
  readonly tops: Map<string, number>;
  /** The database and the queue server beside us, started when first asked for. */
  services(): Promise<ServicesBeside>;
  close(): Promise<void>;
}

export async function openWorld(options: BenchOptions, scale: Scale): Promise<World> {
  const receiver = await startReceiver();
  const systems = createSystems({ receiver, users: scale.users, onProgress: options.onProgress });
  let services: Promise<ServicesBeside> | null = null;
  return {
    ...options,
    scale,
    receiver,
    numbers: createNumbers(),
    systems,
    tops: new Map(),
    services() {
      // Where a build is judged, a row that is silently missing would look like a pass.
      services ??= startServices(process.env["CI"] !== undefined);
      return services;
    },
    async close() {
      await systems.close();
      await receiver.close();
      const started = await services?.catch(() => null);
      await started?.stop();
    },
  };
}

/** The bench's own processes, which are beside every contender. */
export function benchProcesses({ receiver }: World): readonly Watched[] {
  return [
    { role: "receiver", pid: receiver.pid },
    { role: "load", pid: process.pid },
  ];
}
