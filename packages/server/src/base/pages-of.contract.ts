import assert from "node:assert/strict";
import type { Page, PageRequest } from "./page.ts";

/** Reads a list to its end, page by page. */
export async function pagesOf<Item>(
  countMax: number,
  list: (page: PageRequest) => Promise<Page<Item>>,
): Promise<readonly (readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  let after: string | null = null;
  do {
    const page: Page<Item> = await list({ after, countMax });
    pages.push(page.items);
    after = page.next;
    assert.ok(pages.length < 100, "the list does not end");
  } while (after !== null);
  return pages;
}
