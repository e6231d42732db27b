import type { Page, PageRequest } from "../base/page.ts";

/** What to give LIMIT: one row more than the page holds, whose presence says that there is a next page. */
export function limitOf({ countMax }: PageRequest): number {
  return countMax + 1;
}

export function pageOf<Row, Item>(
  rows: readonly Row[],
  { countMax }: PageRequest,
  { key, item }: { readonly key: (row: Row) => string; readonly item: (row: Row) => Item },
): Page<Item> {
  const shown = rows.slice(0, countMax);
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > countMax && last !== undefined ? key(last) : null };
}
