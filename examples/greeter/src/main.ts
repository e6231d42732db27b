import { startGreeter } from "./server.ts";
import { readSettings } from "./settings.ts";

const SQLITE_BUSY = 5;

const read = readSettings(process.env);
if (read.kind === "flawed") {
  for (const flaw of read.flaws) console.error(flaw);
  process.exit(1);
}

const { settings } = read;
let isStopping = false;
try {
  const greeter = startGreeter(settings, (sentence) => console.error(sentence));
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await greeter.stop();
    if (process.connected) process.disconnect?.();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  // Where a parent keeps an IPC channel, its end is the parent's: nobody would stop this process later.
  if (process.connected) process.once("disconnect", stop);
  console.log(`The greeter is ready: ${await greeter.ready} delivers to ${settings.hookUrl}.`);
} catch (error) {
  if (!isStopping) {
    console.error(startFault(error));
    process.exit(1);
  }
}

function startFault(error: unknown): string {
  const { host, port, dataFolder } = settings;
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (code === "EADDRINUSE") return `Port ${port} on ${host} is taken. Set GREETER_LISTEN to another.`;
  if (errcode === SQLITE_BUSY)
    return `Another process uses the folder ${dataFolder}. Set GREETER_DATA to another.`;
  if (code === "EACCES" || code === "EROFS") {
    return `The folder ${dataFolder} cannot be written. Set GREETER_DATA to another.`;
  }
  return error instanceof Error
    ? `The greeter could not start: ${error.message}`
    : "The greeter could not start.";
}
