/**
 * npm (`npm start`, `npx`) runs a command in a shell and passes SIGTERM to that shell only, which dies of it and leaves
 * the command running: it would hold its ports and its data folder with nobody to stop it. So the shell's end is a signal.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { CommandIo } from "./command-io.ts";

const LOOK_MS = 250;

/** Calls back once when the shell is gone in which npm started us; never where npm did not. */
export function onNpmShellEnd(
  { env, parentPid }: Pick<CommandIo, "env" | "parentPid">,
  clock: Pick<Clock, "after">,
  run: () => void,
): Cancel {
  if (env.npm_command === undefined || parentPid === undefined) return () => {};
  const shell = parentPid();
  let cancel: Cancel = () => {};
  const look = (): void => {
    cancel = clock.after(LOOK_MS, () => (parentPid() === shell ? look() : run()));
  };
  look();
  return () => cancel();
}
