/** `trulinks up --demo`: the platform as configured, with the tracker as its upstream, and the demo around it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { formatListenAddress, isLoopback } from "../../base/listen-address.ts";
import { createLog } from "../../base/log.ts";
import { formatPlace } from "../../config/flaw.ts";
import type { Loaded } from "../../config/load.ts";
import type { Options } from "../../config/options.ts";
import { readText } from "../../config/text-reader.ts";
import { wire } from "../../wire.ts";
import { CommandFailed, type CommandIo } from "../command-io.ts";
import { createActivity } from "./activity.ts";
import { type DemoPlan, planDemo } from "./plan.ts";
import { type Programs, startTracker } from "./programs.ts";
import { startDemo } from "./start.ts";

const CHECKOUT = fileURLToPath(new URL("../../../../../", import.meta.url));

const TRACKER_OPENAPI = join(CHECKOUT, "examples/tracker/openapi.json");

export async function runDemo(
  { options, sources }: Extract<Loaded, { kind: "ok" }>,
  stopping: Promise<unknown>,
  io: CommandIo,
): Promise<void> {
  if (!existsSync(join(CHECKOUT, "examples"))) {
    throw new CommandFailed(
      "The demo needs the examples of the repository. Clone it and run `npm start` there, or start without --demo.",
    );
  }
  const plan = await planDemo(options.data);
  const activity = createActivity();
  let makeRoom = (write: () => void): void => write();
  const log = createLog({
    // The live line tells what goes well; lines of the log between are for what does not.
    level: sources["log.level"].kind === "default" ? "warn" : options.log.level,
    destination: { write: (line) => makeRoom(() => io.stderr(line)) },
    observer: activity.observe,
  });
  const programs: Programs = {
    checkout: CHECKOUT,
    env: environmentOf(options, plan, io),
    clock: systemClock,
    onLine: (line) => makeRoom(() => io.stderr(`${line}\n`)),
  };

  await using opened = new AsyncDisposableStack();
  const start = (providerUrl: string): ReturnType<typeof startTracker> => {
    const tracker = startTracker(programs, plan, { providerUrl, keys: trackerKeys(options) });
    opened.defer(() => tracker.stop());
    return tracker;
  };
  const known = providerUrlOf(options);
  // It takes as long to start as the platform does, so they start side by side.
  const early = known === null ? null : start(known);
  const world = { clock: systemClock, dice: systemDice, log };
  const platform = await wire(demoOptions(options, plan), sources, world);
  opened.defer(() => platform.stop());
  if (options.tls.cert !== null) trust(options.tls.cert);

  const { publicUrl, providerUrl, keys } = platform;
  const demo = await startDemo({
    programs,
    tracker: early ?? start(providerUrl),
    plan,
    dataFolder: options.data,
    publicUrl,
    providerUrl,
    prefix: options.public.prefix,
    operatorKey: keys.operator.key,
    operatorKeyPlace: keys.operator.path ?? `given by ${formatPlace(sources.operator_key)}`,
    certificate: options.tls.cert,
    activity,
    clock: systemClock,
    output: { write: io.stdout, columns: () => io.columns?.() ?? null },
  });
  opened.defer(() => demo.stop());
  makeRoom = demo.makeRoom;
  await stopping;
}

/** Whoever tries TLS has made a certificate that no system trusts. The platform has read it by then. */
function trust(certificate: string): void {
  const read = readText(certificate);
  if (read.kind === "text") setDefaultCACertificates([...getCACertificates("default"), read.text]);
}

/** The demo's own API is the upstream, and its greeter receives on a loopback address. */
function demoOptions(options: Options, { trackerUrl }: DemoPlan): Options {
  const { upstream, hooks } = options;
  return {
    ...options,
    upstream: { ...upstream, url: new URL(trackerUrl), openapi: TRACKER_OPENAPI, operations: [] },
    hooks: { ...hooks, allow_addresses: [...hooks.allow_addresses, "127.0.0.0/8"] },
  };
}

/** Where the provider listener will be, if that is certain before it is there. */
function providerUrlOf({ provider, tls }: Options): string | null {
  const isCertain = tls.cert === null && provider.listen.port !== 0 && isLoopback(provider.listen);
  return isCertain ? `http://${formatListenAddress(provider.listen)}` : null;
}

function trackerKeys({ data, operator_key, identity_key }: Options): Record<string, string> {
  return {
    ...(operator_key
      ? { TRACKER_OPERATOR_KEY: operator_key.reveal() }
      : { TRACKER_OPERATOR_KEY_FILE: join(data, "operator.key") }),
    ...(identity_key
      ? { TRACKER_IDENTITY_KEY: identity_key.reveal() }
      : { TRACKER_IDENTITY_KEY_FILE: join(data, "identity.key") }),
  };
}

function environmentOf({ tls }: Options, { folder }: DemoPlan, { env }: CommandIo): Record<string, string> {
  return {
    // Halves the time that the second start of a program takes.
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(folder, "compile-cache"),
    ...(tls.cert === null ? {} : { NODE_EXTRA_CA_CERTS: tls.cert }),
  };
}
