/** YAML as a tree that knows the place of everything in it, so that each flaw can name line and column. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Flaw, Place } from "./flaw.ts";

export type YamlNode =
  | { readonly kind: "map"; readonly place: Place; readonly members: ReadonlyMap<string, YamlMember> }
  | { readonly kind: "list"; readonly place: Place; readonly items: readonly YamlNode[] }
  | { readonly kind: "scalar"; readonly place: Place; readonly value: unknown };

export interface YamlMember {
  /** Where its name stands. */
  readonly place: Place;
  readonly value: YamlNode;
}

export type ParsedYaml =
  /** Null: the file is empty or only has comments. */
  | { readonly kind: "parsed"; readonly root: YamlNode | null }
  | { readonly kind: "flawed"; readonly flaws: readonly Flaw[] };

const FILE_CHARACTERS_MAX = 1_048_576;
const DEPTH_MAX = 16;

/** `file` is the name to show in flaws. Aliases, tags and a second document are refused: nothing here needs them. */
export function parseYaml(text: string, file: string): ParsedYaml {
  const lineCounter = new LineCounter();
  const flaws: Flaw[] = [];
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { kind: "file", file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const report = (offset: number, path: string | null, message: string): void => {
    flaws.push({ place: placeAt(offset), path, message });
  };

  if (text.length > FILE_CHARACTERS_MAX) {
    report(0, null, `The file is too large: at most ${FILE_CHARACTERS_MAX} characters are read.`);
    return { kind: "flawed", flaws };
  }
  // Duplicates are found below, where their path is known. Pretty errors would quote the file, secrets included.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    report(problem.pos[0], null, `This is no valid YAML. ${syntaxSentence(problem.code, problem.message)}`);
    return { kind: "flawed", flaws };
  }

  function read(node: Node | null, path: string, depth: number, offset: number): YamlNode {
    const start = node?.range?.[0] ?? offset;
    const place = placeAt(start);
    const at = path === "" ? "the document" : path;
    if (depth > DEPTH_MAX) {
      report(start, path, `${at} is nested more than ${DEPTH_MAX} levels deep.`);
    } else if (isAlias(node)) {
      report(start, path, `${at} is an alias. Aliases are not followed here: write the value out.`);
    } else if (isMap<Node, Node | null>(node)) {
      return { kind: "map", place, members: readMembers(node.items, path, depth, start) };
    } else if (isSeq<Node | null>(node)) {
      const items = node.items.map((item, index) => read(item, `${path}[${index}]`, depth + 1, start));
      return { kind: "list", place, items };
    }
    return { kind: "scalar", place, value: isScalar(node) ? node.value : null };
  }

  function readMembers(
    pairs: readonly { readonly key: Node; readonly value: Node | null }[],
    path: string,
    depth: number,
    offset: number,
  ): ReadonlyMap<string, YamlMember> {
    const members = new Map<string, YamlMember>();
    for (const { key, value } of pairs) {
      const start = key.range?.[0] ?? offset;
      if (!isScalar(key)) {
        report(start, path, "A member's name is expected here, not a list or a map.");
        continue;
      }
      const name = String(key.value);
      const memberPath = path === "" ? name : `${path}.${name}`;
      if (members.has(name)) report(start, memberPath, `${memberPath} stands here a second time. Keep one.`);
      const valueOffset = key.range?.[1] ?? start;
      members.set(name, { place: placeAt(start), value: read(value, memberPath, depth + 1, valueOffset) });
    }
    return members;
  }

  const root = document.contents === null ? null : read(document.contents, "", 0, 0);
  return flaws.length > 0 ? { kind: "flawed", flaws } : { kind: "parsed", root };
}

/** The tree as plain values. */
export function toPlain(node: YamlNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(toPlain);
    case "map":
      return Object.fromEntries([...node.members].map(([name, { value }]) => [name, toPlain(value)]));
    default:
      return node satisfies never;
  }
}

function syntaxSentence(code: string, message: string): string {
  if (code === "RESOURCE_EXHAUSTION") return "It is nested too deeply.";
  if (code === "MULTIPLE_DOCS") return "Only one document is expected: remove the line with `---`.";
  // The parser's sentence quotes the tag, which may be anything that followed an exclamation mark.
  if (code === "TAG_RESOLVE_FAILED") return "Tags (`!name`) are not expected here: put the text in quotes.";
  // Sentences that quote what stands in the file do so after a colon.
  return `${message.split(":")[0]}. Values with brackets, \`: \` or \` #\` need quotes.`;
}
