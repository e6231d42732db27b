import { Command } from "commander";
import { CommandFailed, type CommandIo } from "./command-io.ts";
import { asking, eitherCommand, examplesText, inPath } from "./either-command.ts";
import { parseMoment } from "./moment.ts";
import { limitOf, pagesOf, type Query } from "./pages.ts";
import { printList } from "./printed-list.ts";
import {
  attemptColumns,
  deliveryColumns,
  exchangeText,
  factsOf,
  type ShownDelivery,
  stateText,
} from "./shown-delivery.ts";
import { tableOf } from "./table.ts";

const LIST_EXAMPLES = `
  $ trulinks deliveries list                           the newest 50
  $ trulinks deliveries list --state failed --after 2h
  $ trulinks deliveries list --hook hok_… --status 500 --limit 200
  $ trulinks deliveries list --all --json              every one, a line of JSON each`;
const SHOW_EXAMPLES = `
  $ trulinks deliveries show dlv_…                     its attempts, what was sent and answered last
  $ trulinks deliveries show dlv_… --attempt 1         what was sent and answered first`;
const REDELIVER_EXAMPLES = `
  $ trulinks deliveries redeliver dlv_…                send it once more, with the same id
  $ trulinks deliveries redeliver dlv_… dlv_… --json`;

/** `trulinks deliveries list | show | redeliver`. */
export function deliveriesCommand(io: CommandIo): Command {
  return new Command("deliveries")
    .description("Look at what became of events, and send them once more")
    .addHelpText("after", examplesText(LIST_EXAMPLES + SHOW_EXAMPLES + REDELIVER_EXAMPLES))
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(redeliverCommand(io));
}

interface FilterFlags {
  readonly hook?: string;
  readonly user?: string;
  readonly app?: string;
  readonly type?: string;
  readonly event?: string;
}

export function addFilterFlags(command: Command): Command {
  return command
    .option("--hook <ID>", "Only those of this hook.")
    .option("--user <ID>", "Only those that concern this user.")
    .option("--app <ID>", "Only those of this app's hooks.")
    .option("--type <TYPE>", "Only those of this event type.")
    .option("--event <ID>", "Only those of this event.");
}

export function filterOf({ hook, user, app, type, event }: FilterFlags): Query {
  return { hook, user, app, type, event };
}

interface ListFlags extends FilterFlags {
  readonly state?: string;
  readonly status?: string;
  readonly after?: string;
  readonly before?: string;
  readonly limit?: string;
  readonly all?: boolean;
}

const LIST_COUNT = 50;

function listCommand(io: CommandIo): Command {
  const command = addFilterFlags(eitherCommand("list", "List deliveries, newest first", LIST_EXAMPLES))
    .option("--state <STATE>", "waiting, delivered, rejected, failed, expired, replaced or revoked.")
    .option("--status <STATUS>", "The HTTP status of the last attempt's answer.")
    .option("--after <TIME>", "Made after this time, or so long ago at most: 15m, 2h, 3d.")
    .option("--before <TIME>", "Made before this time, or longer ago than this.")
    .option("--limit <COUNT>", `How many; ${LIST_COUNT} if it is left out.`)
    .option("--all", "All of them, however many.");
  return command.action(() =>
    asking(command, io, async (at) => {
      const flags = command.opts<ListFlags>();
      const { nowMs } = at;
      const moment = (name: "after" | "before") => {
        const text = flags[name];
        return text === undefined ? undefined : parseMoment(text, `--${name}`, nowMs);
      };
      const { state, status } = flags;
      const query = { ...filterOf(flags), state, status, after: moment("after"), before: moment("before") };
      const pages = pagesOf<ShownDelivery>(at.ask, "/deliveries", {
        query,
        limit: limitOf(flags, LIST_COUNT),
      });
      await printList(at, pages, { columns: deliveryColumns(nowMs), none: "There is no such delivery." });
    }),
  );
}

function showCommand(io: CommandIo): Command {
  const command = eitherCommand("show", "Show a delivery with its attempts", SHOW_EXAMPLES)
    .argument("<DELIVERY>", "its id")
    .option("--attempt <NUMBER>", "Show what was sent and answered in this attempt, not in the last.");
  return command.action((id: string) =>
    asking(command, io, async (at) => {
      const delivery = await at.answerOf<ShownDelivery>({ method: "GET", path: `/deliveries/${inPath(id)}` });
      const { attempt } = command.opts<{ readonly attempt?: string }>();
      at.print(delivery, () => shownText(delivery, attempt, at));
    }),
  );
}

function shownText(
  delivery: ShownDelivery,
  chosen: string | undefined,
  options: { readonly nowMs: number } & Parameters<typeof tableOf>[2],
): string {
  const { attempts } = delivery;
  const facts = factsOf(delivery, options.nowMs);
  const shown =
    chosen === undefined ? attempts.at(-1) : attempts.find(({ number }) => String(number) === chosen);
  if (shown === undefined) {
    if (chosen === undefined) return `${facts}\nThere was no attempt yet.\n`;
    throw new CommandFailed(`There is no attempt ${chosen}; there were ${attempts.length}.`);
  }
  return [facts, tableOf(attemptColumns(), attempts, options), exchangeText(shown)].join("\n");
}

function redeliverCommand(io: CommandIo): Command {
  const command = eitherCommand(
    "redeliver",
    "Send deliveries once more, each with its id",
    REDELIVER_EXAMPLES,
  ).argument("<DELIVERY...>", "their ids");
  return command.action((ids: readonly string[]) =>
    asking(command, io, async (at) => {
      for (const id of ids) {
        const path = `/deliveries/${inPath(id)}/attempts`;
        const delivery = await at.answerOf<ShownDelivery>({ method: "POST", path });
        at.print(delivery, () => `${id} is on its way again (${stateText(delivery, at.nowMs)}).\n`);
      }
    }),
  );
}
