/**
 * The limit: undici's `dispatch` posting what the platform posts, signed anew each time, to the same receiver, with
 * nothing stored and nothing retried. It is shown a request of the platform's and posts others of that very form.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Entrant, Running } from "./entrant.ts";

/** What the process is told. */
export interface BarePlan {
  readonly url: string;
  /** The paths are this number and those after it. */
  readonly pathFirst: number;
  readonly hooks: number;
  readonly numberFirst: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const PROCESS = fileURLToPath(new URL("./bare-process.ts", import.meta.url));
// Left out: what undici writes itself.
const OF_THE_CONNECTION = ["host", "connection", "content-length"];

export interface BareOptions extends Pick<BarePlan, "url" | "pathFirst" | "hooks"> {
  /** A request as the receiver got it from the platform. */
  readonly sample: string;
  readonly takeNumbers: (count: number) => number;
}

// More than it can post in one turn.
const NUMBERS = 10_000_000;

export function bareDispatch({ sample, takeNumbers, ...place }: BareOptions): Entrant {
  let child: ChildProcess | null = null;
  const form = formOf(sample);
  return {
    name: "bare undici dispatch, signed",
    kind: "limit",
    form: null,
    processes: () => [{ role: "sender", pid: child?.pid ?? 0 }],
    async start(): Promise<Running> {
      const plan: BarePlan = { ...place, ...form, numberFirst: takeNumbers(NUMBERS) };
      child = fork(PROCESS, [JSON.stringify(plan)]);
      const started = child;
      await once(started, "message");
      return {
        accepted: () => Number.NaN,
        refused: () => 0,
        async stop() {
          const gone = once(started, "exit");
          started.send("stop");
          const [code] = await gone;
          if (code !== 0) throw new Error(`The bare sender ended with ${code}.`);
        },
      };
    },
  };
}

export function formOf(sample: string): Pick<BarePlan, "headers" | "body"> {
  const [head = "", body = ""] = sample.split("\r\n\r\n", 2);
  const headers = head
    .split("\r\n")
    .slice(1)
    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const)
    .filter(([name]) => !OF_THE_CONNECTION.includes(name.toLowerCase()));
  return { headers, body };
}
