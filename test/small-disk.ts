/** A folder that takes only so much, for tests of a disk that fills up. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly folder: string;
  /** Takes so many bytes away from whoever else writes there. */
  fill(bytes: number): void;
  /** Gives them back. */
  free(): void;
  remove(): void;
}

/** A file system in memory of its own; null where this process may not mount one. */
export function mountSmallDisk(bytes: number): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), "trulinks-small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  const filler = join(folder, "filler");
  return {
    folder,
    fill: (count) => writeFileSync(filler, Buffer.alloc(count)),
    free: () => truncateSync(filler),
    remove() {
      execFileSync("umount", [folder], { stdio: "ignore" });
      rmSync(folder, { recursive: true });
    },
  };
}
