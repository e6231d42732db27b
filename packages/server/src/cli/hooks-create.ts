import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CommandFailed, type CommandIo } from "./command-io.ts";
import { type Asking, asking, collect, eitherCommand, wholeOf } from "./either-command.ts";
import { hookFacts, type ShownHook } from "./shown-hook.ts";

const EXAMPLES = `
  $ trulinks hooks create --app app_… --receiver https://example.com/hook --event 'issue.*'
  $ trulinks hooks create --user ada --receiver https://example.com/hook --event issue.opened \\
      --filter '{"/issue/state":"open"}' --include /issue/title --serial
  $ trulinks hooks create --receiver https://example.com/hook --event '*'    as an integrator`;

interface Flags {
  readonly user?: string;
  readonly app?: string;
  readonly receiver?: string;
  readonly event?: readonly string[];
  readonly filter?: string;
  readonly include?: readonly string[];
  readonly signature?: string;
  readonly secretPer?: string;
  readonly secretFile?: string;
  readonly caFile?: string;
  readonly verifyTls: boolean;
  readonly ackDeadlineMs?: string;
  readonly retries: boolean;
  readonly serial?: boolean;
  readonly inFlightMax?: string;
}

/** `trulinks hooks create`. */
export function createHookCommand(io: CommandIo): Command {
  const command = eitherCommand("create", "Make a hook, and print its secret this once", EXAMPLES)
    .option("--receiver <URL>", "Where events are posted.")
    .option("--event <PATTERN>", "A type, a pattern such as issue.*, or *; several times.", collect)
    .option("--user <ID>", "As the provider: the user that owns it.")
    .option("--app <ID>", "As the provider: the app that owns it.")
    .option("--filter <JSON>", 'Only events whose data fit, such as {"/issue/state":"open"}.')
    .option("--include <POINTER>", "Only these fields of the data; several times.", collect)
    .option("--signature <KIND>", "standard or github.")
    .option("--secret-per <WHO>", "user (each user's own) or hook.")
    .option("--secret-file <FILE>", "Take the secret from this file instead of a made one.")
    .option("--ca-file <FILE>", "Certificates (PEM) that are trusted for this hook alone.")
    .option("--no-verify-tls", "Believe any certificate; sensitive fields are masked then.")
    .option("--ack-deadline-ms <MS>", "How long its answer may take, 1 000 to 30 000.")
    .option("--no-retries", "One attempt, and no other.")
    .option("--serial", "One delivery at a time, in order.")
    .option("--in-flight-max <COUNT>", "Deliveries under way at once, 1 to 8.");
  return command.action(() =>
    asking(command, io, async (at) => {
      const body = JSON.stringify(bodyOf(command.opts<Flags>(), at));
      const hook = await at.answerOf<ShownHook>({ method: "POST", path: "/hooks", body });
      at.print(hook, () => hookFacts(hook, at.nowMs));
    }),
  );
}

function bodyOf(flags: Flags, { io, side }: Pick<Asking, "io" | "side">): object {
  const { user, app, receiver, event, signature, secretPer, include, ackDeadlineMs, inFlightMax } = flags;
  if (side === "provider" && (user === undefined) === (app === undefined)) {
    throw new CommandFailed("Say who owns it: --user or --app, one of them.");
  }
  if (receiver === undefined) throw new CommandFailed("Say where events are posted: --receiver.");
  if (event === undefined) throw new CommandFailed("Say which events it gets: --event, such as 'issue.*'.");
  return {
    ...{
      user,
      app,
      url: receiver,
      events: event,
      signature,
      secret_per: secretPer,
      include,
      serial: flags.serial,
    },
    filter: flags.filter === undefined ? undefined : parsedFilter(flags.filter),
    secret: textIn(flags.secretFile, io)?.trim(),
    ca: textIn(flags.caFile, io),
    ...(flags.verifyTls ? {} : { verify_tls: false }),
    ...(flags.retries ? {} : { retries: "none" }),
    ack_deadline_ms: ackDeadlineMs === undefined ? undefined : wholeOf(ackDeadlineMs, "--ack-deadline-ms"),
    in_flight_max: inFlightMax === undefined ? undefined : wholeOf(inFlightMax, "--in-flight-max"),
  };
}

function parsedFilter(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CommandFailed(`--filter is no JSON: ${text}. Expected such as {"/issue/state":"open"}.`);
  }
}

function textIn(file: string | undefined, { cwd }: CommandIo): string | undefined {
  if (file === undefined) return undefined;
  const path = resolve(cwd, file);
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailed(`The file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
}
