/** Lists of the platform, page by page. */
import { type Ask, refusalOf } from "./ask.ts";
import { wholeOf } from "./either-command.ts";

const PAGE_COUNT_MAX = 200;

export type Query = Readonly<Record<string, string | undefined>>;

/** Pages of a list until `limit` items have come, or all; null: all. */
export async function* pagesOf<Item>(
  ask: Ask,
  path: string,
  { query, limit }: { readonly query: Query; readonly limit: number | null },
): AsyncGenerator<readonly Item[]> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  // Ends with the last page.
  for (let cursor: string | undefined; left > 0; ) {
    const asked = { ...query, limit: String(Math.min(left, PAGE_COUNT_MAX)), cursor };
    const answered = await ask({ method: "GET", path: `${path}?${textOf(asked)}` });
    if (answered.status !== 200) throw refusalOf(answered);
    const { data, next } = answered.body as { readonly data: readonly Item[]; readonly next: string | null };
    yield data;
    left -= data.length;
    if (next === null) return;
    cursor = next;
  }
}

export function textOf(query: Query): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return new URLSearchParams(given).toString();
}

interface LimitFlags {
  readonly limit?: string;
  readonly all?: boolean;
}

/** `--limit` and `--all`; null: all. */
export function limitOf({ limit, all }: LimitFlags, whenSilent: number): number | null {
  if (all === true) return null;
  return limit === undefined ? whenSilent : wholeOf(limit, "--limit");
}
