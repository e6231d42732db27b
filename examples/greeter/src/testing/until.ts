import { setTimeout as sleep } from "node:timers/promises";

/** Waits for something that will come true; the runner's own limit ends a wait in vain. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}
