/** The demo's two programs and what each is told at its start. */
import { join } from "node:path";
import { type Child, type ChildOptions, startChild } from "./child.ts";
import { DEMO_HOST, type DemoPlan } from "./plan.ts";
import { type SeededApp, TOKENS_FILE } from "./seed.ts";

export interface Programs extends Pick<ChildOptions, "clock" | "onLine"> {
  /** The folder that holds `examples/`. */
  readonly checkout: string;
  /** What both get, beside their settings. */
  readonly env: Readonly<Record<string, string>>;
}

export interface TrackerFacts {
  readonly providerUrl: string;
  /** Each a variable and its value: the key itself, or the file that holds it, perhaps not there yet. */
  readonly keys: Readonly<Record<string, string>>;
}

export function startTracker(programs: Programs, plan: DemoPlan, { providerUrl, keys }: TrackerFacts): Child {
  return startChild({
    ...programs,
    name: "The tracker",
    main: join(programs.checkout, "examples/tracker/src/main.ts"),
    env: {
      ...programs.env,
      ...keys,
      TRACKER_LISTEN: `${DEMO_HOST}:${plan.trackerPort}`,
      TRACKER_DATA: join(plan.folder, "tracker"),
      TRACKER_TRULINKS_URL: providerUrl,
    },
  });
}

export function startGreeter(
  programs: Programs,
  plan: DemoPlan,
  { seeded, publicUrl }: { readonly seeded: SeededApp; readonly publicUrl: string },
): Child {
  return startChild({
    ...programs,
    name: "The greeter",
    main: join(programs.checkout, "examples/greeter/src/main.ts"),
    env: {
      ...programs.env,
      GREETER_LISTEN: `${DEMO_HOST}:${plan.greeterPort}`,
      GREETER_DATA: join(plan.folder, "greeter"),
      GREETER_TRULINKS_URL: publicUrl,
      GREETER_CLIENT_ID: seeded.client_id,
      GREETER_CLIENT_SECRET: seeded.client_secret,
      GREETER_TOKENS_FILE: join(plan.folder, TOKENS_FILE),
    },
  });
}
