import { startTracker } from "./server.ts";
import { readSettings } from "./settings.ts";

const SQLITE_BUSY = 5;

const read = await readSettings(process.env);
if (read.kind === "flawed") {
  for (const flaw of read.flaws) console.error(flaw);
  process.exit(1);
}

const { settings } = read;
try {
  const tracker = await startTracker(settings, (sentence) => console.error(sentence));
  console.log(`The tracker is ready at ${tracker.url}.`);

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await tracker.stop();
    if (process.connected) process.disconnect?.();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  // Where a parent keeps an IPC channel, its end is the parent's: nobody would stop this process later.
  if (process.connected) process.once("disconnect", stop);
} catch (error) {
  console.error(startFault(error, settings));
  process.exit(1);
}

function startFault(
  error: unknown,
  { host, port, dataFolder }: { host: string; port: number; dataFolder: string },
): string {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (code === "EADDRINUSE") return `Port ${port} on ${host} is taken. Set TRACKER_LISTEN to another.`;
  if (errcode === SQLITE_BUSY)
    return `Another process uses the folder ${dataFolder}. Set TRACKER_DATA to another.`;
  if (code === "EACCES" || code === "EROFS") {
    return `The folder ${dataFolder} cannot be written. Set TRACKER_DATA to another.`;
  }
  return error instanceof Error
    ? `The tracker could not start: ${error.message}`
    : "The tracker could not start.";
}
