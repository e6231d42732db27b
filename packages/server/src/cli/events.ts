import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { type Clock, systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { patiently, problemText } from "./ask.ts";
import { CommandFailed, type CommandIo, EXIT_FAILED } from "./command-io.ts";
import { collect } from "./either-command.ts";
import { TAIL_EXAMPLES, tailCommand } from "./events-tail.ts";
import { type JsonValue, readJsonValues } from "./json-values.ts";
import { addClientFlags, CLIENT_NOTES, openClient } from "./provider-client.ts";
import { type EventDefaults, type EventResult, eventsOf, publishEvents } from "./publish-events.ts";

const EXAMPLES = `
Examples:
  $ trulinks events publish --type issue.opened --user ada --data '{"issue":{"title":"Hello"}}'
  $ trulinks events publish --type issue.opened --group repo:42 --data issue.json
  $ trulinks events publish --data events.jsonl    whole events, one a line, or a list of them
  $ cat events.jsonl | trulinks events publish --data - --json
`;

/** `trulinks events publish | tail`. */
export function eventsCommand(io: CommandIo): Command {
  return new Command("events")
    .description("Publish events, and follow what becomes of them")
    .addHelpText("after", `${EXAMPLES.trimEnd()}${TAIL_EXAMPLES}\n`)
    .addCommand(publishCommand(io))
    .addCommand(tailCommand(io));
}

interface PublishFlags {
  readonly type?: string;
  readonly user?: readonly string[];
  readonly group?: readonly string[];
  readonly data?: string;
  readonly id?: string;
  readonly key?: string;
  readonly expiresInS?: string;
  readonly json?: boolean;
}

function publishCommand(io: CommandIo): Command {
  const command = new Command("publish")
    .description("Publish events: one, or as many as a file or standard input has")
    .option("--type <TYPE>", "The events' type; without it whole events are read.")
    .option("--user <ID>", "Whom they concern; may be given several times.", collect)
    .option("--group <ID>", "Which group they concern; may be given several times.", collect)
    .option("--data <FILE>", "JSON or JSON Lines: a file, - for standard input, or the JSON object itself.")
    .option("--id <ID>", "The id of the one event; the same again is published once.")
    .option("--key <KEY>", "What still waits under the same key is replaced by a newer event.")
    .option("--expires-in-s <SECONDS>", "After so many seconds it is no longer worth sending.")
    .option("--json", "Print each result as a line of JSON.");
  return addClientFlags(command)
    .addHelpText("after", EXAMPLES + CLIENT_NOTES)
    .action(async () => {
      const flags = command.opts<PublishFlags>();
      const events = eventsOf(valuesOf(flags, io), defaultsOf(flags));
      const client = openClient(command, io);
      try {
        const results = publishEvents(patiently(client.ask, systemClock), events, systemDice);
        await tell(results, io, { json: flags.json === true, clock: systemClock });
      } finally {
        await client.close();
      }
    });
}

function defaultsOf({ type, user, group, id, key, expiresInS }: PublishFlags): EventDefaults {
  if (expiresInS !== undefined && !/^[1-9]\d{0,8}$/.test(expiresInS)) {
    throw new CommandFailed(
      `--expires-in-s is "${expiresInS}". Expected a whole number of seconds, 1 or more.`,
    );
  }
  return {
    users: user ?? [],
    groups: group ?? [],
    ...(type === undefined ? {} : { type }),
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    ...(expiresInS === undefined ? {} : { expiresInS: Number(expiresInS) }),
  };
}

function valuesOf({ type, data }: PublishFlags, io: CommandIo): AsyncIterable<JsonValue> {
  if (data === undefined && type === undefined) {
    throw new CommandFailed("Say --type for one event, or --data with whole events.");
  }
  const text = data ?? "{}";
  if (text.trimStart().startsWith("{")) return readJsonValues(once(text), "--data");
  if (text === "-") return readJsonValues(io.stdin(), "Standard input");
  const path = resolve(io.cwd, text);
  return readJsonValues(fileChunks(path), path);
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw new CommandFailed(`The file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
}

const REFUSED_TOLD_MAX = 20;
const PROGRESS_MS = 200;

interface Telling {
  readonly json: boolean;
  readonly clock: Pick<Clock, "monotonic">;
}

/** Counts and tells what became of each event. */
async function tell(
  results: AsyncIterable<EventResult>,
  io: CommandIo,
  { json, clock }: Telling,
): Promise<void> {
  const beganAtMs = clock.monotonic();
  const isWatched = !json && (io.columns?.() ?? null) !== null;
  const count = { published: 0, refused: 0, deliveries: 0 };
  let saidAtMs = beganAtMs;
  for await (const result of results) {
    if (json) io.stdout(`${JSON.stringify(result)}\n`);
    if (result.status === 202) {
      count.published += 1;
      count.deliveries += Number(result["deliveries"]);
    } else {
      count.refused += 1;
      if (!json && count.refused <= REFUSED_TOLD_MAX)
        io.stderr(`${erased(isWatched)}${refusedText(result)}\n`);
    }
    const nowMs = clock.monotonic();
    if (!isWatched || nowMs - saidAtMs < PROGRESS_MS) continue;
    saidAtMs = nowMs;
    const perS = Math.round((count.published / (nowMs - beganAtMs)) * 1_000);
    io.stderr(`${erased(true)}${count.published} published, ${count.refused} refused, ${perS} a second`);
  }
  if (isWatched) io.stderr(erased(true));
  if (!json) io.stdout(summary(count));
  if (count.refused > 0) io.exitCode(EXIT_FAILED);
}

/** The line of the progress is written over. */
function erased(isWatched: boolean): string {
  return isWatched ? "\r\u001b[K" : "";
}

function refusedText({ line, status, problem }: EventResult): string {
  return `Line ${line}: ${problemText(problem) ?? `refused with ${status}.`}`;
}

function summary(count: {
  readonly published: number;
  readonly refused: number;
  readonly deliveries: number;
}): string {
  const refused = count.refused === 0 ? "" : ` ${counted(count.refused, "event")} refused.`;
  return `${counted(count.published, "event")} published, ${counted(count.deliveries, "delivery", "deliveries")}.${refused}\n`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
