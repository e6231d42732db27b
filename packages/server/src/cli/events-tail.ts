import type { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { onStopSignal } from "../base/signals.ts";
import type { CommandIo } from "./command-io.ts";
import { addFilterFlags, filterOf } from "./deliveries.ts";
import { type Asking, asking, eitherCommand } from "./either-command.ts";
import { type Followed, follow } from "./follow.ts";
import { parseMoment } from "./moment.ts";
import { millisecondsText, outcomeText, type ShownDelivery, styleOf } from "./shown-delivery.ts";
import { type Column, layOut } from "./table.ts";

export const TAIL_EXAMPLES = `
  $ trulinks events tail                               a line for each attempt and end, until Ctrl-C
  $ trulinks events tail --hook hok_… --since 10m
  $ trulinks events tail --type issue.opened --json    a line of JSON each`;

type Flags = Parameters<typeof filterOf>[0] & { readonly since?: string };

/** `trulinks events tail`. */
export function tailCommand(io: CommandIo): Command {
  const command = addFilterFlags(
    eitherCommand("tail", "Follow deliveries as they are attempted and end", TAIL_EXAMPLES),
  ).option("--since <TIME>", "Begin with those made since this time, or so long ago: 15m, 2h, 3d.");
  return command.action(() =>
    asking(command, io, async (at) => {
      const flags = command.opts<Flags>();
      const since = flags.since === undefined ? null : parseMoment(flags.since, "--since", at.nowMs);
      const stopping = new AbortController();
      const removeListeners = onStopSignal(() => stopping.abort());
      try {
        const request = { query: filterOf(flags), since, signal: stopping.signal };
        await tell(at, follow({ ask: at.ask, clock: systemClock }, request));
      } finally {
        removeListeners();
      }
    }),
  );
}

async function tell(at: Asking, followed: AsyncIterable<Followed>): Promise<void> {
  const { io, isJson } = at;
  const line = isJson ? JSON.stringify : layOut(COLUMNS, [EXAMPLE], at).line;
  for await (const told of followed) {
    switch (told.kind) {
      case "delivery":
        io.stdout(`${line(told.delivery)}\n`);
        break;
      case "away":
        io.stderr(`${told.message} Waiting for it.\n`);
        break;
      case "back":
        io.stderr("The platform is back.\n");
        break;
      case "left-out":
        io.stderr("More comes than can be followed; some is left out. Ask for less, such as with --hook.\n");
        break;
      default:
        told satisfies never;
    }
  }
}

// Nothing tells how wide what comes will be, so each has room for what is usual.
const EXAMPLE: ShownDelivery = {
  ...{ id: "dlv_00000000000000000000000000", hook: "hok_00000000000000000000000000", event: "" },
  ...{
    type: "pull_request.review_requested",
    user: "usr_00000000000000000000000000",
    app: null,
    sequence: 1,
  },
  ...{ state: "waiting", because: "hook-paused", due_at: null, created_at: "1970-01-01T00:00:00.000Z" },
  ...{ key: null, expires_at: null, masked: [] },
  attempts: [
    {
      ...{
        number: 1,
        at: "1970-01-01T00:00:00.000Z",
        outcome: "blocked-address",
        status: null,
        guideline: null,
      },
      timings: { total_ms: 30_000 },
    },
  ],
};

const COLUMNS: readonly Column<ShownDelivery>[] = [
  { head: "TIME", cell: ({ attempts, created_at }) => timeText(attempts.at(-1)?.at ?? created_at) },
  { head: "STATE", cell: ({ state, because }) => because ?? state, charactersMin: 9, style: styleOf },
  { head: "LAST", cell: ({ attempts }) => outcomeText(attempts.at(-1)), charactersMin: 12 },
  { head: "TOOK", cell: tookText, align: "right", spare: 2 },
  { head: "TYPE", cell: ({ type }) => type, charactersMin: 12 },
  { head: "DELIVERY", cell: ({ id }) => id },
  { head: "USER", cell: ({ user }) => user ?? "", charactersMin: 8, spare: 3 },
  { head: "HOOK", cell: ({ hook }) => hook, spare: 4 },
];

function tookText({ attempts }: ShownDelivery): string {
  return millisecondsText(attempts.at(-1)?.timings["total_ms"] ?? null);
}

/** `08:00:00`, in UTC as everywhere. */
function timeText(time: string): string {
  return time.slice(11, 19);
}
