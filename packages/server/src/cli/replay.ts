import { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { onStopSignal } from "../base/signals.ts";
import { CommandFailed, type CommandIo, EXIT_FAILED } from "./command-io.ts";
import { type Asking, asking, eitherCommand, examplesText, inPath } from "./either-command.ts";
import { parseMoment } from "./moment.ts";
import { limitOf, pagesOf } from "./pages.ts";
import { printList } from "./printed-list.ts";
import { endText, replayColumns, replayFacts, type ShownReplay } from "./shown-replay.ts";
import { tellWatched } from "./told-replay.ts";
import { watchReplay } from "./watch-replay.ts";

const START_EXAMPLES = `
  $ trulinks replay --hook hok_… --since 2h            what failed at a hook in the last two hours
  $ trulinks replay start --hook hok_… --after 1041 --states failed,delivered
  $ trulinks replay start --app app_… --per-s 20 --detach`;
const LIST_EXAMPLES = `
  $ trulinks replay list                               the newest 50`;
const SHOW_EXAMPLES = `
  $ trulinks replay show rpl_…                         how far it is
  $ trulinks replay show rpl_… --watch                 until it has ended`;
const CHANGE_EXAMPLES = `
  $ trulinks replay pause rpl_…
  $ trulinks replay resume rpl_… --per-s 5
  $ trulinks replay cancel rpl_…                       what is on its way already is delivered`;

/** `trulinks replay [start] | list | show | pause | resume | cancel`. */
export function replayCommand(io: CommandIo): Command {
  return new Command("replay")
    .description("Deliver once more what failed, and watch how far it is")
    .addHelpText("after", examplesText(START_EXAMPLES + LIST_EXAMPLES + SHOW_EXAMPLES + CHANGE_EXAMPLES))
    .addCommand(startCommand(io), { isDefault: true })
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(changeCommand(io, "pause", "Pause a replay", { state: "paused" }))
    .addCommand(resumeCommand(io))
    .addCommand(cancelCommand(io));
}

function startCommand(io: CommandIo): Command {
  const command = eitherCommand("start", "Begin a replay: what is done if no other is named", START_EXAMPLES)
    .option("--hook <ID>", "Only what went to this hook.")
    .option("--user <ID>", "Only what concerns this user.")
    .option("--app <ID>", "Only what went to this app's hooks.")
    .option("--type <TYPE>", "Only events of this type.")
    .option("--since <TIME>", "Made at this time or later, or so long ago at most: 15m, 2h, 3d.")
    .option("--after <NUMBER>", "With a greater number than this at the hook.")
    .option("--all", "Everything, where nothing else says what.")
    .option("--states <STATES>", "delivered, rejected, failed, expired, replaced; failed if left out.")
    .option("--per-s <COUNT>", "So many a second at most.")
    .option("--detach", "Do not wait for its end.");
  return command.action(() => asking(command, io, (at) => start(at, command.opts<StartFlags>())));
}

interface StartFlags {
  readonly hook?: string;
  readonly user?: string;
  readonly app?: string;
  readonly type?: string;
  readonly since?: string;
  readonly after?: string;
  readonly all?: boolean;
  readonly states?: string;
  readonly perS?: string;
  readonly detach?: boolean;
}

async function start(at: Asking, flags: StartFlags): Promise<void> {
  const body = JSON.stringify(bodyOf(flags, at.nowMs));
  const replay = await at.answerOf<ShownReplay>({ method: "POST", path: "/replays", body });
  if (flags.detach === true) {
    at.print(
      replay,
      () => `${replay.id} is under way. Watch it: trulinks replay show ${replay.id} --watch\n`,
    );
    return;
  }
  await watch(at, replay.id);
}

function bodyOf(flags: StartFlags, nowMs: number): object {
  const { hook, user, app, type, since, after, all, states, perS } = flags;
  // Whoever only wants to see what the command does should not deliver everything once more.
  if (all !== true && [hook, user, app, type, since, after].every((flag) => flag === undefined)) {
    throw new CommandFailed("Say what: --hook, --user, --app, --type or --since; or --all.");
  }
  return {
    ...{ hook, user, app, type },
    since: since === undefined ? undefined : parseMoment(since, "--since", nowMs),
    after: after === undefined ? undefined : numberOf(after, "--after"),
    states: states?.split(",").map((state) => state.trim()),
    per_s: perS === undefined ? undefined : paceOf(perS),
  };
}

function numberOf(text: string, flag: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CommandFailed(`${flag} is "${text}". Expected a whole number, 0 or more.`);
}

function paceOf(text: string): number {
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text);
  throw new CommandFailed(`--per-s is "${text}". Expected a number above 0, such as 20 or 0.5.`);
}

/** Shows how far it is until it has ended, or until Ctrl-C: then it goes on by itself. */
async function watch(at: Asking, id: string): Promise<void> {
  const stopping = new AbortController();
  const removeListeners = onStopSignal(() => stopping.abort());
  try {
    const watched = watchReplay({ ask: at.ask, clock: systemClock }, id, stopping.signal);
    const last = await tellWatched(at, watched, systemClock);
    if (last === null) return;
    at.print(last, () =>
      last.ended_at === null ? `${id} goes on without being watched.\n` : `${endText(last)}\n`,
    );
    if (last.state === "cancelled") at.io.exitCode(EXIT_FAILED);
  } finally {
    removeListeners();
  }
}

function listCommand(io: CommandIo): Command {
  const command = eitherCommand("list", "List replays, newest first", LIST_EXAMPLES)
    .option("--limit <COUNT>", `How many; ${LIST_COUNT} if it is left out.`)
    .option("--all", "All of them, however many.");
  return command.action(() =>
    asking(command, io, async (at) => {
      const limit = limitOf(command.opts(), LIST_COUNT);
      const pages = pagesOf<ShownReplay>(at.ask, "/replays", { query: {}, limit });
      await printList(at, pages, { columns: replayColumns(at.nowMs), none: "There is no replay." });
    }),
  );
}

const LIST_COUNT = 50;

function showCommand(io: CommandIo): Command {
  const command = eitherCommand("show", "Show how far a replay is", SHOW_EXAMPLES)
    .argument("<REPLAY>", "its id")
    .option("--watch", "Watch it until it has ended.");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      if (command.opts<{ readonly watch?: boolean }>().watch === true) return watch(at, id);
      const replay = await at.answerOf<ShownReplay>({ method: "GET", path: pathOf(id) });
      at.print(replay, () => replayFacts(replay, at.nowMs));
    }),
  );
}

function resumeCommand(io: CommandIo): Command {
  const command = changeCommand(io, "resume", "Let a paused replay go on", { state: "running" });
  return command.option("--per-s <COUNT>", "So many a second at most from now on.");
}

function changeCommand(io: CommandIo, name: string, description: string, change: object): Command {
  const command = eitherCommand(name, description, CHANGE_EXAMPLES).argument("<REPLAY>", "its id");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      const { perS } = command.opts<{ readonly perS?: string }>();
      const body = JSON.stringify({ ...change, ...(perS === undefined ? {} : { per_s: paceOf(perS) }) });
      const replay = await at.answerOf<ShownReplay>({ method: "PATCH", path: pathOf(id), body });
      at.print(replay, () => `${id} is ${replay.state}.\n`);
    }),
  );
}

function cancelCommand(io: CommandIo): Command {
  const command = eitherCommand("cancel", "Cancel a replay", CHANGE_EXAMPLES).argument("<REPLAY>", "its id");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      await at.answerOf({ method: "DELETE", path: pathOf(id) });
      const replay = await at.answerOf<ShownReplay>({ method: "GET", path: pathOf(id) });
      at.print(replay, () => `${endText(replay)}\n`);
    }),
  );
}

function pathOf(id: string): string {
  return `/replays/${inPath(id)}`;
}
