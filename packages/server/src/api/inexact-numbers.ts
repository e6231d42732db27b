/** Finds the numbers of a JSON text that JavaScript's doubles cannot hold, such as an id of 19 digits. */
import { escapeSegment } from "./validation.ts";

// A double holds every number of up to 15 digits. Strings may look like more: that only costs a second parse.
const SUSPECT = /[:[,\s-](?:\d[\d.]{15,}|[\d.]+[eE])/;

/** JSON pointers of the numbers that differ between `text` and `parsed`, which is what `JSON.parse` made of it. */
export function findInexactNumbers(text: string, parsed: unknown): readonly string[] {
  return SUSPECT.test(text) ? [...differing(text, parsed)] : [];
}

// A number that was parsed exactly is replaced by null, so what is still a number afterwards differs.
function differing(text: string, parsed: unknown): Iterable<string> {
  if (!isContainer(parsed)) return [];
  const marked: unknown = JSON.parse(text, (_member, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && sameNumber(context?.source ?? "", value) ? null : value,
  );
  return numbersIn(marked);
}

function* numbersIn(root: unknown): Iterable<string> {
  // A stack instead of recursion: the depth of the body is the caller's choice.
  const open: { value: unknown; pointer: string }[] = [{ value: root, pointer: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, pointer } = next;
    if (typeof value === "number") yield pointer;
    if (!isContainer(value)) continue;
    for (const [member, inner] of Object.entries(value)) {
      open.push({ value: inner, pointer: `${pointer}/${escapeSegment(member)}` });
    }
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether the digits of `source` and those that the double is written with are the same number. */
function sameNumber(source: string, value: number): boolean {
  return Number.isFinite(value) && normalForm(source) === normalForm(String(value));
}

// -12.50e3 becomes -125e+2: no leading and trailing zeros, no point.
function normalForm(number: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
