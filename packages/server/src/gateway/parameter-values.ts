/** The parameters of a request as values: each text is parsed to its type first, and what cannot be stays a text. Pure. */
import type { IncomingHttpHeaders } from "node:http";
import { parse } from "node:querystring";
import type { Parameter, ParsedType } from "./operation.ts";

export interface ParameterTexts {
  /** Decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** As sent, without its question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
}

export interface ParameterValues {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, unknown>>;
}

type Text = string | readonly string[] | undefined;

// How many there are is bounded by the size of a request's head; to read on after a number of them would be to read
// something else than the upstream does.
const ALL = { maxKeys: 0 };

export function parameterValues(parameters: readonly Parameter[], texts: ParameterTexts): ParameterValues {
  const query = texts.query === "" ? {} : parse(texts.query, "&", "=", ALL);
  const read = { path: texts.path, query, header: texts.headers };
  const values = { path: empty(), query: empty(), header: empty() };
  for (const parameter of parameters) {
    const { place, name } = parameter;
    const text = Object.hasOwn(read[place], name) ? (read[place][name] as Text) : undefined;
    if (text !== undefined) values[place][name] = parsedBy(parameter, text);
  }
  return values;
}

function empty(): Record<string, unknown> {
  return Object.create(null);
}

function parsedBy({ types, list }: Parameter, text: Exclude<Text, undefined>): unknown {
  if (list === null) {
    // Where one is asked for, several are none of its types.
    return typeof text === "string" ? parsedTo(types, text) : text.map((each) => parsedTo(types, each));
  }
  const texts = typeof text === "string" ? [text] : text;
  const items = list === "repeated" ? texts : texts.flatMap((each) => each.split(list));
  return items.map((each) => parsedTo(types, list === "," ? each.trim() : each));
}

// JSON's numbers.
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

export function parsedTo(types: readonly ParsedType[], text: string): unknown {
  for (const type of types) {
    if (type === "number" && NUMBER.test(text)) return Number(text);
    if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
    if (type === "null" && text === "") return null;
  }
  return text;
}
