/** Results as text for people: a table for each part, then the bars. */
import type { Bar, PartResult } from "../bench.ts";
import { figure } from "./figure.ts";

/** `withBars` false: the run was too small for them. */
export function textOf(results: readonly PartResult[], withBars: boolean): string {
  const parts = results.map((result) => [result.title, "", table(result), ...notesOf(result)].join("\n"));
  const bars = withBars ? results.flatMap((result) => result.bars) : [];
  return [...parts, ...(bars.length > 0 ? [["Bars", "", barTable(bars)].join("\n")] : [])].join("\n\n\n");
}

function table({ columns, rows }: PartResult): string {
  const names = columns.map(({ name }) => name.replaceAll("_", " "));
  const units = columns.map(({ unit }) => unit);
  const lines = rows.map((row) => [
    row.name,
    ...columns.map(({ name, digits }) => figure(row.values[name], digits)),
  ]);
  return aligned(
    [
      ["", ...names],
      ["", ...units],
    ],
    lines,
  );
}

function notesOf({ notes, faults }: PartResult): readonly string[] {
  return [...(notes.length > 0 ? [""] : []), ...notes, ...faults.map((fault) => `FAULT: ${fault}`)];
}

function barTable(bars: readonly Bar[]): string {
  const lines = bars.map(({ what, wanted, measured, isMet }) => [
    what,
    wanted,
    measured,
    isMet ? "met" : "MISSED",
  ]);
  return aligned([["", "wanted", "measured", ""]], lines);
}

function aligned(header: readonly (readonly string[])[], lines: readonly (readonly string[])[]): string {
  const all = [...header, ...lines];
  const widths = (header[0] ?? []).map((_, column) =>
    Math.max(...all.map((line) => line[column]?.length ?? 0)),
  );
  const render = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [...header.map(render), rule, ...lines.map(render)].join("\n");
}
