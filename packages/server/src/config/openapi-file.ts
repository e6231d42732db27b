/** The provider's OpenAPI document as a value, and the places of what stands in it. JSON or YAML. */
import { basename } from "node:path";
import { LineCounter, type Node, parseDocument } from "yaml";
import { segmentsOf } from "../base/json-pointer.ts";
import { StartRefused } from "../base/start-refused.ts";
import { type Flaw, formatFlaw, type Place, show } from "./flaw.ts";
import { type ReadText, readFailure, readText } from "./text-reader.ts";

export const OPENAPI_CHARACTERS_MAX = 32 * 1024 * 1024;

export type OpenapiFile =
  | {
      readonly kind: "ok";
      readonly document: unknown;
      /** Where a JSON pointer leads, or the nearest around it that stands in the file. */
      locate(pointer: string): Place;
    }
  | { readonly kind: "flawed"; readonly flaws: readonly Flaw[] };

export function loadOpenapi(file: string, namedBy: Place, read: ReadText): OpenapiFile {
  const flawed = (place: Place, message: string): OpenapiFile => ({
    kind: "flawed",
    flaws: [{ place, path: "upstream.openapi", message }],
  });
  const found = read(file);
  if (found.kind !== "text") {
    return flawed(namedBy, `The OpenAPI document ${show(file)} ${readFailure(found)}.`);
  }
  const { text } = found;
  if (text.length > OPENAPI_CHARACTERS_MAX) {
    return flawed(namedBy, `The OpenAPI document has more than ${OPENAPI_CHARACTERS_MAX} characters.`);
  }
  const name = basename(file);
  // JSON is read by its own parser, which takes a hundredth of the time; places are looked for when one is asked for.
  const json = readAsJson(text);
  if (json !== undefined) return { kind: "ok", document: json, locate: locatorOf(text, name) };

  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const place = placeAt(lineCounter, name, problem.pos[0]);
    return flawed(place, `The OpenAPI document is neither valid JSON nor valid YAML: ${problem.message}.`);
  }
  try {
    return { kind: "ok", document: document.toJS(), locate: locatorOf(text, name) };
  } catch (error) {
    // Aliases that multiply.
    const because = error instanceof Error ? error.message : String(error);
    return flawed(namedBy, `The OpenAPI document cannot be read: ${because}.`);
  }
}

/** What `judge` makes of the document to start with; throws `StartRefused` if the file or what it says is no good. */
export function startOpenapi<Read extends { readonly kind: string }>(
  file: string,
  namedBy: Place,
  judge: (document: unknown) =>
    | Read
    | {
        readonly kind: "flawed";
        readonly flaws: readonly { readonly pointer: string; readonly message: string }[];
      },
): Exclude<Read, { readonly kind: "flawed" }> {
  const loaded = loadOpenapi(file, namedBy, readText);
  if (loaded.kind === "flawed") throw new StartRefused(loaded.flaws.map(formatFlaw).join("\n"));
  const judged = judge(loaded.document);
  if (isFlawed(judged)) {
    const told = judged.flaws.map(({ pointer, message }) =>
      formatFlaw({ place: loaded.locate(pointer), path: null, message: `#${pointer}: ${message}` }),
    );
    throw new StartRefused(told.join("\n"));
  }
  return judged as Exclude<Read, { readonly kind: "flawed" }>;
}

function isFlawed(judged: { readonly kind: string }): judged is {
  readonly kind: "flawed";
  readonly flaws: readonly { readonly pointer: string; readonly message: string }[];
} {
  return judged.kind === "flawed";
}

function readAsJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON is YAML, so one parser finds the places in both. */
function locatorOf(text: string, file: string): (pointer: string) => Place {
  let parsed: { readonly root: ReturnType<typeof parseDocument>; readonly lines: LineCounter } | null = null;
  return (pointer) => {
    if (parsed === null) {
      const lines = new LineCounter();
      parsed = { root: parseDocument(text, { lineCounter: lines, prettyErrors: false }), lines };
    }
    const { root, lines } = parsed;
    const steps = segmentsOf(pointer);
    for (let length = steps.length; length > 0; length--) {
      const offset = offsetOf(root, steps.slice(0, length));
      if (offset !== null) return placeAt(lines, file, offset);
    }
    return placeAt(lines, file, 0);
  };
}

/** Where the name of a member stands, or an item of a list. */
function offsetOf(root: ReturnType<typeof parseDocument>, steps: readonly string[]): number | null {
  const parent = root.getIn(steps.slice(0, -1), true) as
    | { readonly items?: readonly unknown[] }
    | null
    | undefined;
  const last = steps.at(-1);
  for (const [index, item] of (parent?.items ?? []).entries()) {
    const { key } = item as { readonly key?: Node & { readonly value?: unknown } };
    if (key === undefined ? String(index) === last : String(key?.value) === last) {
      return ((key ?? item) as Node).range?.[0] ?? null;
    }
  }
  return null;
}

function placeAt(lineCounter: LineCounter, file: string, offset: number): Place {
  const { line, col } = lineCounter.linePos(offset);
  return { kind: "file", file, line: Math.max(line, 1), column: Math.max(col, 1) };
}
