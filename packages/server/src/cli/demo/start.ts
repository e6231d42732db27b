/** Puts the tracker behind the platform and the greeter in front of it, and shows how to try them. */
import type { Clock } from "../../base/clock.ts";
import type { Secret } from "../../base/secret.ts";
import type { Activity } from "./activity.ts";
import type { Child } from "./child.ts";
import { type DemoOutput, type LiveLine, startLiveLine } from "./live-line.ts";
import { type DemoPlan, keepPorts } from "./plan.ts";
import { type Programs, startGreeter } from "./programs.ts";
import { renderScreen } from "./screen.ts";
import { freshToken, seed } from "./seed.ts";

export interface DemoDeps {
  readonly programs: Programs;
  /** Started already, and perhaps not ready yet. */
  readonly tracker: Child;
  readonly plan: DemoPlan;
  readonly dataFolder: string;
  readonly publicUrl: string;
  readonly providerUrl: string;
  /** Where the platform's own paths begin: `/integrations`. */
  readonly prefix: string;
  readonly operatorKey: Secret;
  readonly operatorKeyPlace: string;
  readonly certificate: string | null;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly output: DemoOutput;
}

export interface Demo {
  /** For whatever else writes to the terminal, such as the log. */
  readonly makeRoom: LiveLine["makeRoom"];
  /** Stops what `startDemo` started; the tracker is its starter's. */
  stop(): Promise<void>;
}

/** The platform answers by now. Nothing is left running if this rejects. */
export async function startDemo(deps: DemoDeps): Promise<Demo> {
  const { plan, programs, tracker, output, clock, activity } = deps;
  keepPorts(plan);
  await tracker.ready;
  const seeding = { ...deps, folder: plan.folder, trackerUrl: plan.trackerUrl };
  const seeded = await seed(seeding);
  const greeter = startGreeter(programs, plan, { seeded, publicUrl: deps.publicUrl });
  try {
    const token = await freshToken(seeding, seeded);
    await greeter.ready;
    const { trackerUrl, greeterUrl } = plan;
    const facts = { ...deps, trackerUrl, greeterUrl, token, project: seeded.project };
    output.write(`${renderScreen(facts).join("\n")}\n`);
  } catch (error) {
    await greeter.stop();
    throw error;
  }
  const live = startLiveLine(activity, output, clock);
  return {
    makeRoom: live.makeRoom,
    async stop() {
      await greeter.stop();
      live.stop();
    },
  };
}
