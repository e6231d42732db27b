/** Which of a hook's deliveries follow one another from the number that was asked for. */

interface Numbered {
  readonly sequence: number;
}

export type FeedRun<Row extends Numbered> =
  | { readonly kind: "run"; readonly rows: readonly Row[] }
  | { readonly kind: "behind"; readonly oldest: number };

/** `rows`: what is kept after `after`, by number; `newest`: the hook's newest number, at least as high as theirs. */
export function feedRun<Row extends Numbered>(
  rows: readonly Row[],
  { after, newest }: { readonly after: number | null; readonly newest: number },
): FeedRun<Row> {
  const first = rows[0]?.sequence;
  if (after !== null && after < newest && first !== after + 1) {
    return { kind: "behind", oldest: first ?? newest + 1 };
  }
  const hole = rows.findIndex(({ sequence }, index) => sequence !== (first ?? 0) + index);
  return { kind: "run", rows: hole === -1 ? rows : rows.slice(0, hole) };
}

/** As many as may be read at once: the first, and those whose data together is within the bound. */
export function withinBytes<Row extends { readonly bytes: number }>(
  rows: readonly Row[],
  bytesMax: number,
): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += row.bytes;
    return index > 0 && bytes > bytesMax;
  });
  return end === -1 ? rows : rows.slice(0, end);
}
