import type { Hook } from "./hook.ts";

/** Scheme, host and port: where receivers share what they can bear. */
export type OriginOf = (hook: Pick<Hook, "url">) => string;

const ORIGINS_REMEMBERED_MAX = 4_096;

/** Remembers what it parsed: this is asked several times for every delivery. */
export function createOriginOf(): OriginOf {
  const origins = new Map<string, string>();
  return ({ url }) => {
    const known = origins.get(url);
    if (known !== undefined) return known;
    const { origin } = new URL(url);
    if (origins.size >= ORIGINS_REMEMBERED_MAX) origins.clear();
    origins.set(url, origin);
    return origin;
  };
}
