import { Command } from "commander";
import type { CommandIo } from "./command-io.ts";
import { asking, eitherCommand, examplesText, inPath, wholeOf } from "./either-command.ts";
import { createHookCommand } from "./hooks-create.ts";
import { limitOf, pagesOf } from "./pages.ts";
import { printList } from "./printed-list.ts";
import { hookColumns, hookFacts, type ShownHook } from "./shown-hook.ts";

const LIST_EXAMPLES = `
  $ trulinks hooks list                                each with what waits for it
  $ trulinks hooks list --app app_… --json             a line of JSON each`;
const SHOW_EXAMPLES = `
  $ trulinks hooks show hok_…                          how it is set, and what waits for it`;
const PAUSE_EXAMPLES = `
  $ trulinks hooks pause hok_…                         keeps what comes from now on`;
const RESUME_EXAMPLES = `
  $ trulinks hooks resume hok_…                        what was kept goes as fast as it can
  $ trulinks hooks resume hok_… --release-per-s 5      5 a second of it`;
const DELETE_EXAMPLES = `
  $ trulinks hooks delete hok_…                        what waits for it is not sent any more`;
const PING_EXAMPLES = `
  $ trulinks hooks ping hok_…                          a signed event of type ping`;
const TEST_EXAMPLES = `
  $ trulinks hooks test hok_… issue.opened             the type's example, marked as a test`;
const ROTATE_EXAMPLES = `
  $ trulinks hooks rotate hok_…                        prints the new secret, this once
  $ trulinks hooks rotate hok_… --user ada             that of one user, of an app's hook`;

const OVERVIEW = `
  $ trulinks hooks create --user ada --receiver https://example.com/hook --event 'issue.*'${LIST_EXAMPLES}${RESUME_EXAMPLES}`;

/** `trulinks hooks list | show | create | pause | resume | delete | ping | test | rotate`. */
export function hooksCommand(io: CommandIo): Command {
  return new Command("hooks")
    .description("Look at hooks and what waits for them, make and change them")
    .addHelpText("after", examplesText(OVERVIEW))
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(createHookCommand(io))
    .addCommand(pauseCommand(io))
    .addCommand(resumeCommand(io))
    .addCommand(deleteCommand(io))
    .addCommand(pingCommand(io))
    .addCommand(testCommand(io))
    .addCommand(rotateCommand(io));
}

const LIST_COUNT = 50;

interface ListFlags {
  readonly user?: string;
  readonly app?: string;
  readonly limit?: string;
  readonly all?: boolean;
}

function listCommand(io: CommandIo): Command {
  const command = eitherCommand("list", "List hooks, each with what waits for it", LIST_EXAMPLES)
    .option("--user <ID>", "As the provider: only those of this user.")
    .option("--app <ID>", "As the provider: only those of this app.")
    .option("--limit <COUNT>", `How many; ${LIST_COUNT} if it is left out.`)
    .option("--all", "All of them, however many.");
  return command.action(() =>
    asking(command, io, async (at) => {
      const flags = command.opts<ListFlags>();
      const { user, app } = flags;
      const pages = pagesOf<ShownHook>(at.ask, "/hooks", {
        query: { user, app },
        limit: limitOf(flags, LIST_COUNT),
      });
      await printList(at, pages, { columns: hookColumns(at.nowMs), none: "There is no hook." });
    }),
  );
}

function showCommand(io: CommandIo): Command {
  const command = eitherCommand("show", "Show a hook and what waits for it", SHOW_EXAMPLES).argument(
    "<HOOK>",
    "its id",
  );
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      const hook = await at.answerOf<ShownHook>({ method: "GET", path: pathOf(id) });
      at.print(hook, () => hookFacts(hook, at.nowMs));
    }),
  );
}

function pauseCommand(io: CommandIo): Command {
  const command = eitherCommand("pause", "Pause a hook: what comes is kept", PAUSE_EXAMPLES).argument(
    "<HOOK>",
    "its id",
  );
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      const body = JSON.stringify({ state: "paused" });
      const hook = await at.answerOf<ShownHook>({ method: "PATCH", path: pathOf(id), body });
      at.print(hook, () => `${id} is ${hook.state}; what comes for it is kept.\n`);
    }),
  );
}

function resumeCommand(io: CommandIo): Command {
  const command = eitherCommand("resume", "Make a hook active again", RESUME_EXAMPLES)
    .argument("<HOOK>", "its id")
    .option("--release-per-s <COUNT>", "Release so many a second of what was kept.");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      const { releasePerS } = command.opts<{ readonly releasePerS?: string }>();
      const pace =
        releasePerS === undefined ? {} : { release_per_s: wholeOf(releasePerS, "--release-per-s") };
      const body = JSON.stringify({ state: "active", ...pace });
      const hook = await at.answerOf<ShownHook>({ method: "PATCH", path: pathOf(id), body });
      at.print(hook, () => `${id} is ${hook.state}.\n`);
    }),
  );
}

function deleteCommand(io: CommandIo): Command {
  const command = eitherCommand(
    "delete",
    "Delete a hook; what waits for it is revoked",
    DELETE_EXAMPLES,
  ).argument("<HOOK>", "its id");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      await at.answerOf({ method: "DELETE", path: pathOf(id) });
      at.print({ id }, () => `${id} is deleted.\n`);
    }),
  );
}

function pingCommand(io: CommandIo): Command {
  const command = eitherCommand("ping", "Send a signed ping", PING_EXAMPLES).argument("<HOOK>", "its id");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      const ping = await at.answerOf<{ readonly id: string }>({
        method: "POST",
        path: `${pathOf(id)}/pings`,
      });
      at.print(ping, () => `The ping is under way. See: trulinks deliveries list --event ${ping.id}\n`);
    }),
  );
}

function testCommand(io: CommandIo): Command {
  const command = eitherCommand("test", "Send the example of an event type, marked as a test", TEST_EXAMPLES)
    .argument("<HOOK>", "its id")
    .argument("<TYPE>", "a registered event type that has an example");
  return command.action((id: string, type: string) =>
    asking(command, io, async (at) => {
      const asked = { method: "POST", path: `${pathOf(id)}/tests`, body: JSON.stringify({ type }) } as const;
      const sent = await at.answerOf<{ readonly delivery: string }>(asked);
      at.print(sent, () => `The test is under way. See: trulinks deliveries show ${sent.delivery}\n`);
    }),
  );
}

function rotateCommand(io: CommandIo): Command {
  const command = eitherCommand(
    "rotate",
    "Make a new secret; the old one signs beside it for 24 h",
    ROTATE_EXAMPLES,
  )
    .argument("<HOOK>", "its id")
    .option("--user <ID>", "As the app that owns the hook: the secret of this user alone.");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      const { user } = command.opts<{ readonly user?: string }>();
      const path = user === undefined ? `${pathOf(id)}/secret` : `${pathOf(id)}/secrets/${inPath(user)}`;
      const rotated = await at.answerOf<{ readonly secret: string }>({ method: "POST", path });
      at.print(rotated, () => `${rotated.secret}\n`);
    }),
  );
}

function pathOf(id: string): string {
  return `/hooks/${inPath(id)}`;
}
