import { type DestinationStream, pino } from "pino";

/** One wide line per unit of work. The names of events are an API: `test/goldens/log-events.txt` lists them. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** Something is broken that needs a person. An `error` field keeps its stack. */
  error(event: string, fields?: LogFields): void;
}

/** Values of a line. Secrets go in as `Secret` and come out masked. */
export type LogFields = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go as JSON; standard error if left out. */
  readonly destination?: DestinationStream;
  /** Sees every line whatever the level; the demo's live line is one. */
  readonly observer?: (event: string, fields: LogFields) => void;
}

export function createLog({ level, destination, observer }: LogOptions): Log {
  const lines = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination ?? standardError(),
  );
  const write =
    (method: "debug" | "info" | "warn" | "error") =>
    (event: string, fields: LogFields = {}) => {
      observer?.(event, fields);
      lines[method](fields, event);
      if (method === "warn" || method === "error") lines.flush();
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

const GATHERED_CHARACTERS = 4_096;
const GATHERED_MS_MAX = 200;

/**
 * Lines are gathered for a moment: written one by one they took as long as the rest of an attempt. Warnings and errors
 * are written at once with all that came before them, and so is everything when the process ends or somebody watches.
 */
function standardError(): DestinationStream {
  const stream = pino.destination({
    dest: 2,
    sync: true,
    ...(process.stderr.isTTY ? {} : { minLength: GATHERED_CHARACTERS, periodicFlush: GATHERED_MS_MAX }),
  });
  process.once("exit", () => stream.flushSync());
  return stream;
}
