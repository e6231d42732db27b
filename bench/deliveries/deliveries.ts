/** The bench of an event's way out: every figure that is asked of it, in one run. */
import type { Bench, PartResult } from "../bench.ts";
import { backlog } from "./backlog.ts";
import { hang } from "./hang.ts";
import { latency } from "./latency.ts";
import { manyHooks } from "./many-hooks.ts";
import { FULL, QUICK } from "./scale.ts";
import { throughput, throughputToNode } from "./throughput.ts";
import { openWorld, type World } from "./world.ts";

interface Part {
  readonly run: (world: World) => Promise<PartResult>;
  /** It looks at the world's systems; the others start platforms of their own, beside which nothing else is to run. */
  readonly sharesSystems: boolean;
}

const PARTS: Readonly<Record<string, Part>> = {
  throughput: { run: (world) => throughput(world), sharesSystems: true },
  latency: { run: latency, sharesSystems: true },
  "throughput-node": { run: throughputToNode, sharesSystems: false },
  hang: { run: hang, sharesSystems: false },
  backlog: { run: backlog, sharesSystems: false },
  hooks: { run: manyHooks, sharesSystems: false },
};

export const deliveries: Bench = {
  name: "deliveries",
  summary: "An event's way out: throughput, latency, hanging receivers, a million waiting, a million hooks",
  parts: Object.keys(PARTS),
  async run({ only, ...options }) {
    const world = await openWorld({ only, ...options }, options.isQuick ? QUICK : FULL);
    const wanted = Object.entries(PARTS).filter(([name]) => only.includes(name));
    const results: PartResult[] = [];
    try {
      for (const [index, [name, { run, sharesSystems }]] of wanted.entries()) {
        options.onProgress(`── ${name}`);
        const result = await run(world);
        const isLast = sharesSystems && wanted[index + 1]?.[1].sharesSystems !== true;
        results.push(isLast ? await ended(world, result) : result);
      }
    } finally {
      await world.close();
    }
    return results;
  },
};

/** The last part that shares the systems also says whether their stores tell what the receiver saw. */
async function ended({ systems }: World, result: PartResult): Promise<PartResult> {
  const { notes, faults } = await systems.agree();
  await systems.close();
  return { ...result, notes: [...result.notes, ...notes], faults: [...result.faults, ...faults] };
}
