/** The bench of the limits: what one decision costs in time, and one caller in memory. */
import type { Bench, PartResult } from "../bench.ts";
import { decision } from "./decision.ts";
import { memory } from "./memory.ts";

const PARTS = { decision, memory };

export const limits: Bench = {
  name: "limits",
  summary: "What one decision over all rate limits costs, and what a caller costs in memory",
  parts: Object.keys(PARTS),
  async run(options) {
    const results: PartResult[] = [];
    for (const [name, run] of Object.entries(PARTS)) {
      if (options.only.includes(name)) results.push(await run(options));
    }
    return results;
  },
};
