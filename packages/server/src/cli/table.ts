/** Tables for people: as wide as the terminal at most. Pure. */
import { type Paint, type Style, unpainted } from "./paint.ts";

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
  readonly align?: "right";
  /** Cells may be cut, to no fewer than this many characters; left out: never. */
  readonly charactersMin?: number;
  /** Where there is no room the column goes; the higher, the sooner. Left out: it stays. */
  readonly spare?: number;
  readonly style?: (row: Row) => Style;
}

export interface LayoutOptions {
  /** Columns of the terminal; null: none, and nothing is cut. */
  readonly width: number | null;
  readonly paint?: Paint;
}

export interface Table<Row> {
  readonly head: string;
  line(row: Row): string;
}

interface Laid<Row> {
  readonly column: Column<Row>;
  readonly characters: number;
}

const GAP = "  ";

/** Lays the columns out for rows like these; what comes later is cut to the same widths where they may be cut. */
export function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paint = unpainted }: LayoutOptions,
): Table<Row> {
  const laid = fit(
    columns.map((column) => ({ column, characters: widest(column, rows) })),
    width ?? Number.POSITIVE_INFINITY,
  );
  return {
    head: joined(laid.map((one) => paint("dim", padded(one, one.column.head)))),
    line: (row) =>
      joined(
        laid.map((one) => {
          const text = padded(one, one.column.cell(row));
          const style = one.column.style?.(row);
          return style === undefined ? text : paint(style, text);
        }),
      ),
  };
}

/** The head, and a line for each row. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: LayoutOptions,
): string {
  const { head, line } = layOut(columns, rows, options);
  return [head, ...rows.map(line)].map((text) => `${text}\n`).join("");
}

function widest<Row>({ head, cell }: Column<Row>, rows: readonly Row[]): number {
  return rows.reduce((characters, row) => Math.max(characters, lengthOf(cell(row))), head.length);
}

/** Cuts what may be cut, the widest first; if that is not enough the sparest column goes. */
function fit<Row>(laid: readonly Laid<Row>[], width: number): readonly Laid<Row>[] {
  const cut = [...laid];
  // Each turn takes one character off one column, and no column has less than its minimum: it ends.
  while (totalOf(cut) > width) {
    const index = widestThatMayBeCut(cut);
    const found = cut[index];
    if (found === undefined) {
      const fewer = withoutSparest(laid);
      return fewer === null ? cut : fit(fewer, width);
    }
    cut[index] = { ...found, characters: found.characters - 1 };
  }
  return cut;
}

function widestThatMayBeCut<Row>(laid: readonly Laid<Row>[]): number {
  let index = -1;
  for (const [at, { column, characters }] of laid.entries()) {
    if (characters <= (column.charactersMin ?? Number.POSITIVE_INFINITY)) continue;
    if (characters > (laid[index]?.characters ?? 0)) index = at;
  }
  return index;
}

function withoutSparest<Row>(laid: readonly Laid<Row>[]): readonly Laid<Row>[] | null {
  const sparest = Math.max(...laid.map(({ column }) => column.spare ?? 0));
  return sparest === 0 ? null : laid.filter(({ column }) => column.spare !== sparest);
}

function totalOf<Row>(laid: readonly Laid<Row>[]): number {
  return laid.reduce((total, { characters }) => total + characters + GAP.length, -GAP.length);
}

function padded<Row>({ column, characters }: Laid<Row>, text: string): string {
  const cut = column.charactersMin === undefined ? text : cutTo(text, characters);
  const pad = " ".repeat(Math.max(0, characters - lengthOf(cut)));
  return column.align === "right" ? pad + cut : cut + pad;
}

function cutTo(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join("")}…`;
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}

function lengthOf(text: string): number {
  return [...text].length;
}
