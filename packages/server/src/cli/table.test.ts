import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { paintOf, printable } from "./paint.ts";
import { type Column, layOut, tableOf } from "./table.ts";

interface Row {
  readonly id: string;
  readonly count: number;
  readonly url: string;
  readonly note: string;
}

const ROWS: readonly Row[] = [
  { id: "a1", count: 7, url: "https://example.com/hooks", note: "x" },
  { id: "b22", count: 1_234, url: "https://e.x/", note: "Grüße 🌧" },
];

const COLUMNS: readonly Column<Row>[] = [
  { head: "ID", cell: ({ id }) => id },
  { head: "N", cell: ({ count }) => String(count), align: "right" },
  { head: "URL", cell: ({ url }) => url, charactersMin: 8 },
  { head: "NOTE", cell: ({ note }) => note, spare: 1 },
];

const CASES: readonly (readonly [promise: string, width: number | null, lines: readonly string[]])[] = [
  [
    "without a terminal nothing is cut",
    null,
    [
      "ID      N  URL                        NOTE",
      "a1      7  https://example.com/hooks  x",
      "b22  1234  https://e.x/               Grüße 🌧",
    ],
  ],
  [
    "what just fits is not cut",
    45,
    [
      "ID      N  URL                        NOTE",
      "a1      7  https://example.com/hooks  x",
      "b22  1234  https://e.x/               Grüße 🌧",
    ],
  ],
  [
    "what may be cut is cut first",
    44,
    [
      "ID      N  URL                       NOTE",
      "a1      7  https://example.com/hoo…  x",
      "b22  1234  https://e.x/              Grüße 🌧",
    ],
  ],
  [
    "down to its least characters",
    28,
    ["ID      N  URL       NOTE", "a1      7  https:/…  x", "b22  1234  https:/…  Grüße 🌧"],
  ],
  [
    "then a spare column goes, and the others have its room",
    27,
    ["ID      N  URL", "a1      7  https://example…", "b22  1234  https://e.x/"],
  ],
  ["what may not be cut stays whole", 5, ["ID      N  URL", "a1      7  https:/…", "b22  1234  https:/…"]],
];

describe("a table", () => {
  for (const [promise, width, lines] of CASES) {
    test(promise, () => assert.deepEqual(tableOf(COLUMNS, ROWS, { width }).split("\n"), [...lines, ""]));
  }

  test("has its head alone where there are no rows", () => {
    assert.equal(tableOf(COLUMNS, [], { width: 80 }), "ID  N  URL  NOTE\n");
  });

  test("cuts what comes later to the widths of the first rows where it may, and never an id", () => {
    const { line } = layOut(COLUMNS, ROWS, { width: 30 });
    const later = { id: "c333333", count: 1, url: "https://example.com/hooks", note: "" };
    assert.equal(line(later), "c333333     1  https://e…");
  });

  test("paints a cell without counting the paint", () => {
    const paint = paintOf({ columns: () => 80, env: {} });
    const columns: readonly Column<Row>[] = [
      { head: "ID", cell: ({ id }) => id, style: () => "good" },
      { head: "N", cell: ({ count }) => String(count) },
    ];
    const [row] = ROWS;
    assert.ok(row);
    assert.equal(layOut(columns, ROWS, { width: 80, paint }).line(row), "\u001b[32ma1 \u001b[0m  7");
  });
});

for (const [promise, io, text] of [
  ["a terminal is painted on", { columns: () => 80, env: {} }, "\u001b[31mx\u001b[0m"],
  ["a pipe is not", { columns: () => null, env: {} }, "x"],
  ["nor is a terminal whose owner wants no colour", { columns: () => 80, env: { NO_COLOR: "1" } }, "x"],
] as const) {
  test(promise, () => assert.equal(paintOf(io)("bad", "x"), text));
}

test("what others wrote cannot act on the terminal", () => {
  assert.equal(printable("a\u001b[2Jb\u0007\u009b\nc\td"), "a\\x1b[2Jb\\x07\\x9b\\x0ac\\x09d");
  assert.equal(printable("a\u001b[2J\nc\td\r", { isBlock: true }), "a\\x1b[2J\nc\td\\x0d");
});
