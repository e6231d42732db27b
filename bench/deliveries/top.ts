/** The rate that a row reaches as fast as it can: as found earlier in this run, or found now. */

import { type LoadForm, startClosedLoop } from "../load/closed-loop.ts";
import type { Target } from "../load/request-bytes.ts";
import type { Watched } from "../measure/processes.ts";
import { takeTurn } from "./turn.ts";
import type { World } from "./world.ts";

export interface Row {
  readonly name: string;
  readonly form: LoadForm;
  readonly target: Target;
  readonly processes: () => readonly Watched[];
}

export async function topOf(world: World, row: Row): Promise<number> {
  const known = world.tops.get(row.name);
  if (known !== undefined) return known;
  let topPerS = Number.NaN;
  // A system that has just started is slower than it will be.
  for (const turn of ["warm up ", "top rate"]) {
    world.onProgress(`${turn}  ${row.name}`);
    const entrant = { ...row, kind: "us" as const, form: row.form.name, start: () => start(world, row) };
    const sample = await takeTurn(entrant, world, world.secondsPerRound);
    topPerS = sample["delivered_per_s"] ?? Number.NaN;
  }
  return topPerS;
}

function start(world: World, { target, form }: Row) {
  return startClosedLoop(target, form, { ...world, outstandingMax: world.scale.outstandingMax });
}
