/** Values from a text that is one JSON value, a list of values, or JSON Lines. Numbers stay to the digit. */
import { CommandFailed } from "./command-io.ts";

export interface JsonValue {
  readonly value: unknown;
  /** Where it begins, from 1; for elements of a list the line of the list. */
  readonly line: number;
}

/** Of what is not JSON Lines, and of one line. */
export const JSON_CHARACTERS_MAX = 32 * 1024 * 1024;

/**
 * The first line decides: if it is a value, so is every line, and each is given out as it comes. If it is not, all of
 * the text is one value. `name` says what it is read from.
 */
export async function* readJsonValues(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<JsonValue> {
  let line = 0;
  let isFirst = true;
  const whole: string[] = [];
  let characters = 0;
  for await (const text of linesOf(chunks, name)) {
    line += 1;
    if (isFirst && text.trim() === "") continue;
    const value = whole.length > 0 || text.trim() === "" ? NOT_JSON : tryParse(text);
    if (value !== NOT_JSON) yield* valuesOf(value, line);
    else if (isFirst || whole.length > 0) whole.push(text);
    else if (text.trim() !== "") throw notJson(name, line);
    characters += whole.length > 0 ? text.length + 1 : 0;
    if (characters > JSON_CHARACTERS_MAX) throw tooLong(name);
    isFirst = false;
  }
  if (whole.length === 0) return;
  const begun = line - whole.length + 1;
  yield* valuesOf(parseWhole(whole.join("\n"), name, begun), begun);
}

const NOT_JSON = Symbol("not JSON");

function tryParse(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return NOT_JSON;
  }
}

function parseWhole(text: string, name: string, firstLine: number): unknown {
  try {
    return parseExactly(text);
  } catch (error) {
    // The parser's message quotes the text, which may hold a secret.
    const position = /position (\d+)/.exec(String(error))?.[1];
    const before = text.slice(0, Number(position ?? 0));
    throw notJson(name, firstLine + before.split("\n").length - 1);
  }
}

// A number that JavaScript would change is written out again as it stood there.
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof value === "number" && source !== undefined && String(value) !== source
      ? rawJson(source)
      : value;
  });
}

function rawJson(source: string): unknown {
  return (JSON as unknown as { rawJSON(source: string): unknown }).rawJSON(source);
}

function* valuesOf(value: unknown, line: number): Iterable<JsonValue> {
  if (!Array.isArray(value)) yield { value, line };
  else for (const element of value) yield { value: element, line };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let pieces: string[] = [];
  let characters = 0;
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoded(() => decoder.decode(chunk, { stream: true }), name).split("\n");
    pieces.push(first);
    characters += first.length;
    if (characters > JSON_CHARACTERS_MAX) throw tooLong(name);
    for (const other of others) {
      yield pieces.join("");
      pieces = [other];
      characters = other.length;
    }
  }
  const rest = pieces.join("") + decoded(() => decoder.decode(), name);
  if (rest !== "") yield rest;
}

function decoded(decode: () => string, name: string): string {
  try {
    return decode();
  } catch {
    throw new CommandFailed(`${name} is not UTF-8.`);
  }
}

function notJson(name: string, line: number): CommandFailed {
  return new CommandFailed(`${name} is neither JSON nor JSON Lines: see what begins in line ${line}.`);
}

function tooLong(name: string): CommandFailed {
  const message = `${name} has more than ${JSON_CHARACTERS_MAX} characters in one value. Put one event on each line.`;
  return new CommandFailed(message);
}
