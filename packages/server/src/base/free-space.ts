/** Watches how much space is left where a folder lies, so that what would fill it is turned away while there is some. */
import { statfs } from "node:fs/promises";
import type { Cancel, Clock } from "./clock.ts";
import type { Part } from "./lifecycle.ts";
import type { Log } from "./log.ts";

export interface FreeSpaceDeps {
  readonly folder: string;
  /** With less than this left, space is short; 0: it never is. */
  readonly bytesMin: number;
  /** How many bytes are left for us where the folder lies. */
  readonly bytesLeft: (folder: string) => Promise<number>;
  readonly clock: Pick<Clock, "after">;
  readonly log: Log;
}

export interface FreeSpace extends Part {
  /** As of a second ago at most. */
  isShort(): boolean;
}

const LOOK_EVERY_MS = 1_000;
// Files come and go by a few pages: space that was short is enough again only when there is clearly more.
const MARGIN_SHARE = 0.1;

export function isSpaceShort(
  bytesMin: number,
  { bytesLeft, wasShort }: { readonly bytesLeft: number; readonly wasShort: boolean },
): boolean {
  return bytesLeft < bytesMin * (wasShort ? 1 + MARGIN_SHARE : 1);
}

export async function bytesLeftAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

export function watchFreeSpace({ folder, bytesMin, bytesLeft, clock, log }: FreeSpaceDeps): FreeSpace {
  let isShort = false;
  let isFailing = false;
  let isStopped = false;
  let cancel: Cancel = () => {};
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      const left = await bytesLeft(folder);
      isFailing = false;
      const wasShort = isShort;
      isShort = isSpaceShort(bytesMin, { bytesLeft: left, wasShort });
      if (isShort === wasShort) return;
      const fields = { folder, bytes_left: left, bytes_min: bytesMin };
      if (isShort) log.error("space.short", fields);
      else log.info("space.enough", fields);
    } catch (error) {
      // Where nobody can tell, nobody is turned away; the store itself says when nothing more goes in.
      isShort = false;
      if (!isFailing) log.warn("space.unknown", { folder, error });
      isFailing = true;
    }
  }

  async function lookAndGoOn(): Promise<void> {
    await look();
    if (isStopped) return;
    cancel = clock.after(LOOK_EVERY_MS, () => {
      looking = lookAndGoOn();
    });
  }

  return {
    name: "free space",
    isShort: () => isShort,
    async start() {
      if (bytesMin === 0) return;
      looking = lookAndGoOn();
      await looking;
    },
    async stop() {
      isStopped = true;
      cancel();
      await looking;
    },
  };
}
