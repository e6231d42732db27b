/** A list as it comes, page by page: a table for people, a line of JSON for each item for programs. */
import type { Asking } from "./either-command.ts";
import { type Column, layOut, type Table } from "./table.ts";

export interface Printed<Item> {
  readonly columns: readonly Column<Item>[];
  /** Said to people where there is none. */
  readonly none: string;
}

export async function printList<Item>(
  { io, isJson, paint, width }: Pick<Asking, "io" | "isJson" | "paint" | "width">,
  pages: AsyncIterable<readonly Item[]>,
  { columns, none }: Printed<Item>,
): Promise<void> {
  let table: Table<Item> | null = null;
  for await (const page of pages) {
    if (page.length === 0) continue;
    if (isJson) {
      io.stdout(page.map((item) => `${JSON.stringify(item)}\n`).join(""));
      continue;
    }
    if (table === null) {
      table = layOut(columns, page, { width, paint });
      io.stdout(`${table.head}\n`);
    }
    const { line } = table;
    io.stdout(page.map((item) => `${line(item)}\n`).join(""));
  }
  if (table === null && !isJson) io.stdout(`${none}\n`);
}
