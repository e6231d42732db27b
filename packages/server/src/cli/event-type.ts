import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { type Ask, refusalOf } from "./ask.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";
import { readJsonValues } from "./json-values.ts";
import { addClientFlags, CLIENT_NOTES, openClient } from "./provider-client.ts";

const LIST_EXAMPLES = `
  $ trulinks event-types list                          what is registered
  $ trulinks event-types list --json                   the same for programs`;
const SHOW_EXAMPLES = `
  $ trulinks event-types show issue.opened             one type, as JSON`;
const PUT_EXAMPLES = `
  $ trulinks event-types put issue.opened type.json    register it, or make its next version
  $ trulinks event-types put issue.opened - < type.json`;
const DELETE_EXAMPLES = `
  $ trulinks event-types delete issue.opened           its versions stay readable`;

const FILE_NOTES = `
The file holds what PUT /v1/event-types/{type} takes, such as
  { "schema": { "type": "object" }, "sensitive": ["/user/email"] }
`;

/** `trulinks event-types list | show | put | delete`. */
export function eventTypesCommand(io: CommandIo): Command {
  return new Command("event-types")
    .description("Register event types and look at them")
    .addHelpText("after", examples(LIST_EXAMPLES + SHOW_EXAMPLES + PUT_EXAMPLES + DELETE_EXAMPLES))
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(putCommand(io))
    .addCommand(deleteCommand(io));
}

function examples(lines: string): string {
  return `\nExamples:${lines}\n`;
}

interface Shown {
  readonly type: string;
  readonly version: number;
  readonly description: string | null;
}

function listCommand(io: CommandIo): Command {
  const command = client(new Command("list"), LIST_EXAMPLES)
    .description("List the registered event types")
    .option("--json", "Print them as a list in JSON.");
  return command.action(() =>
    asking(command, io, async (ask) => {
      const types = await allTypes(ask);
      if (command.opts().json === true) return io.stdout(`${JSON.stringify(types, null, 2)}\n`);
      if (types.length === 0)
        return io.stdout("No event type is registered: events of any type are taken.\n");
      io.stdout(table(types));
    }),
  );
}

function showCommand(io: CommandIo): Command {
  const command = client(new Command("show"), SHOW_EXAMPLES)
    .description("Show an event type as JSON")
    .argument("<TYPE>", "the type, such as issue.opened");
  return command.action((type: string) =>
    asking(command, io, async (ask) => {
      const answered = await ask({ method: "GET", path: pathOf(type) });
      if (answered.status !== 200) throw refusalOf(answered);
      io.stdout(`${JSON.stringify(answered.body, null, 2)}\n`);
    }),
  );
}

function putCommand(io: CommandIo): Command {
  const command = client(new Command("put"), PUT_EXAMPLES)
    .description("Register an event type, or make its next version")
    .addHelpText("after", FILE_NOTES)
    .argument("<TYPE>", "the type, such as issue.opened")
    .argument("<FILE>", "JSON; - for standard input")
    .option("--json", "Print the type as JSON.");
  return command.action((type: string, file: string) =>
    asking(command, io, async (ask) => {
      const body = await readDefinition(file, io);
      const answered = await ask({ method: "PUT", path: pathOf(type), body });
      if (answered.status !== 200) throw refusalOf(answered);
      if (command.opts().json === true) return io.stdout(`${JSON.stringify(answered.body, null, 2)}\n`);
      io.stdout(`${type} is registered in version ${(answered.body as Shown).version}.\n`);
    }),
  );
}

function deleteCommand(io: CommandIo): Command {
  const command = client(new Command("delete"), DELETE_EXAMPLES)
    .description("Delete an event type")
    .argument("<TYPE>", "the type, such as issue.opened");
  return command.action((type: string) =>
    asking(command, io, async (ask) => {
      const answered = await ask({ method: "DELETE", path: pathOf(type) });
      if (answered.status !== 204) throw refusalOf(answered);
      io.stdout(`${type} is deleted.\n`);
    }),
  );
}

function client(command: Command, lines: string): Command {
  return addClientFlags(command).addHelpText("after", examples(lines) + CLIENT_NOTES);
}

async function asking(command: Command, io: CommandIo, run: (ask: Ask) => Promise<void>): Promise<void> {
  const { ask, close } = openClient(command, io);
  try {
    await run(ask);
  } finally {
    await close();
  }
}

function pathOf(type: string): string {
  return `/v1/event-types/${encodeURIComponent(type)}`;
}

async function allTypes(ask: Ask): Promise<readonly Shown[]> {
  const types: Shown[] = [];
  // Ends with the last page; there are a thousand types at most.
  for (let cursor: string | null = ""; cursor !== null; ) {
    const answered = await ask({
      method: "GET",
      path: `/v1/event-types?limit=200${cursor && `&cursor=${cursor}`}`,
    });
    if (answered.status !== 200) throw refusalOf(answered);
    const page = answered.body as { readonly data: readonly Shown[]; readonly next: string | null };
    types.push(...page.data);
    cursor = page.next;
  }
  return types;
}

const DESCRIPTION_CHARACTERS = 60;

function table(types: readonly Shown[]): string {
  const width = Math.max(...types.map(({ type }) => type.length));
  const rows = types.map(({ type, version, description }) => {
    const [line = ""] = (description ?? "").split("\n");
    const short =
      line.length > DESCRIPTION_CHARACTERS ? `${line.slice(0, DESCRIPTION_CHARACTERS - 1)}…` : line;
    return `${type.padEnd(width)}  ${String(version).padStart(4)}  ${short}`.trimEnd();
  });
  return `${rows.join("\n")}\n`;
}

async function readDefinition(file: string, io: CommandIo): Promise<string> {
  const path = resolve(io.cwd, file);
  const name = file === "-" ? "Standard input" : path;
  const chunks = file === "-" ? io.stdin() : createReadStream(path);
  const values: unknown[] = [];
  try {
    for await (const { value } of readJsonValues(chunks, name)) values.push(value);
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    throw new CommandFailed(`The file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
  if (values.length !== 1) throw new CommandFailed(`${name}: expected one JSON object.`);
  return JSON.stringify(values[0]);
}
