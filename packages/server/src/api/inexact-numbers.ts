/** Finds the numbers of a JSON text that JavaScript's doubles cannot hold, such as an id of 19 digits. */
import { escapeSegment } from "../base/json-pointer.ts";

// A double holds every number of up to 15 digits. Strings may look like more: that only costs a second parse.
const SUSPECT = /[:[,\s-](?:\d[\d.]{15,}|[\d.]+[eE])/;

/** JSON pointers of the numbers in a JSON text that parsing would change. */
export function findInexactNumbers(text: string): readonly string[] {
  if (!SUSPECT.test(text)) return [];
  // A number that is parsed exactly becomes null, so what is still a number afterwards is not what was sent.
  const marked: unknown = JSON.parse(text, (_member, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && sameNumber(context?.source ?? "", value) ? null : value,
  );
  return [...numbersIn(marked)];
}

function* numbersIn(value: unknown, pointer = ""): Iterable<string> {
  if (typeof value === "number") yield pointer;
  if (typeof value !== "object" || value === null) return;
  for (const [member, inner] of Object.entries(value)) {
    yield* numbersIn(inner, `${pointer}/${escapeSegment(member)}`);
  }
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
