/** Collects what the file, the variables and the command line say, each with its place; judges names, not values. */

import { suggest } from "../base/nearest.ts";
import { CALLER_VARIABLES } from "./caller-variables.ts";
import type { Flaw, Place } from "./flaw.ts";
import { CONFIG_FILE, OPTION_PATHS, OPTIONS, type OptionPath } from "./options.ts";
import { toPlain, type YamlMember, type YamlNode } from "./yaml-tree.ts";

/** One value that was given for an option. */
export interface Given {
  readonly path: OptionPath;
  readonly place: Place;
  readonly value: unknown;
  /** Where the items of a list stand. */
  readonly itemPlaces: readonly Place[];
}

export interface Gathered {
  readonly given: readonly Given[];
  readonly flaws: readonly Flaw[];
}

const SECTIONS: ReadonlySet<string> = new Set(
  OPTION_PATHS.filter((path) => path.includes(".")).map((path) => path.slice(0, path.indexOf("."))),
);

export function gatherFromFile(root: YamlNode | null): Gathered {
  const given: Given[] = [];
  const flaws: Flaw[] = [];
  if (root === null) return { given, flaws };
  if (root.kind !== "map") {
    const message = "Options are expected, each as `name: value` on a line of its own.";
    return { given, flaws: [{ place: root.place, path: null, message }] };
  }

  function walk(section: string, members: ReadonlyMap<string, YamlMember>): void {
    for (const [name, member] of members) {
      const path = section === "" ? name : `${section}.${name}`;
      // A dotted name on the top level is no path: in YAML it is a name with a dot.
      if (isOptionPath(path) && !name.includes(".")) given.push(givenInFile(path, member.value));
      else if (section === "" && SECTIONS.has(name)) walkSection(name, member);
      else flaws.push({ place: member.place, path, message: unknownMember(path, section, name) });
    }
  }

  function walkSection(section: string, { value }: YamlMember): void {
    // A section whose members are all commented out reads as null.
    if (value.kind === "scalar" && value.value === null) return;
    if (value.kind === "map") {
      walk(section, value.members);
    } else {
      const message = `${section} is a section: its members stand below it, indented: ${membersOf(section).join(", ")}.`;
      flaws.push({ place: value.place, path: section, message });
    }
  }

  walk("", root.members);
  return { given, flaws };
}

// A Kubernetes service that is called `trulinks` puts these into every container of its namespace.
const FROM_KUBERNETES =
  /^TRULINKS_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)$/;

export function gatherFromVariables(env: Readonly<Record<string, string | undefined>>): Gathered {
  const given: Given[] = [];
  const flaws: Flaw[] = [];
  const byVariable = new Map(OPTION_PATHS.map((path) => [OPTIONS[path].variable as string, path]));

  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (text === undefined || !name.startsWith("TRULINKS_") || isLeftAlone(name, text)) continue;
    const place: Place = { kind: "variable", name };
    const path = byVariable.get(name);
    if (path === undefined) {
      const message = `There is no such variable. ${suggest(name, [...byVariable.keys(), CONFIG_FILE.variable])}`;
      flaws.push({ place, path: null, message });
    } else if (text === "") {
      const { expects } = OPTIONS[path].kind;
      flaws.push({
        place,
        path,
        message: `It is empty. Expected ${expects}; unset it to leave ${path} alone.`,
      });
    } else {
      given.push({ path, place, value: OPTIONS[path].kind.fromText(text), itemPlaces: [] });
    }
  }
  return { given, flaws };
}

/** `flags`: by their names without dashes, in camel case, as a parser of command lines gives them. */
export function gatherFromFlags(flags: Readonly<Record<string, unknown>>): Gathered {
  const given: Given[] = [];
  for (const path of OPTION_PATHS) {
    const { flag, kind } = OPTIONS[path];
    if (flag.kind === "none") continue;
    const value = flags[flagMember(flag.name)];
    if (value === undefined) continue;
    const place: Place = { kind: "flag", flag: flag.name };
    given.push({
      path,
      place,
      value: typeof value === "string" ? kind.fromText(value) : value,
      itemPlaces: [],
    });
  }
  return { given, flaws: [] };
}

/** `--tls-cert` → `tlsCert`. */
export function flagMember(name: string): string {
  return name.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function givenInFile(path: OptionPath, value: YamlNode): Given {
  const itemPlaces = value.kind === "list" ? value.items.map((item) => item.place) : [];
  return { path, place: value.place, value: toPlain(value), itemPlaces };
}

function isOptionPath(path: string): path is OptionPath {
  return Object.hasOwn(OPTIONS, path);
}

const CALLERS: ReadonlySet<string> = new Set(Object.values(CALLER_VARIABLES));

function isLeftAlone(name: string, text: string): boolean {
  if (name === CONFIG_FILE.variable || name.startsWith("TRULINKS_TEST_")) return true;
  if (CALLERS.has(name)) return true;
  return FROM_KUBERNETES.test(name) || (name === "TRULINKS_PORT" && /^(tcp|udp|sctp):\/\//.test(text));
}

function membersOf(section: string): readonly string[] {
  return OPTION_PATHS.filter((path) => path.startsWith(`${section}.`)).map((path) =>
    path.slice(section.length + 1),
  );
}

function unknownMember(path: string, section: string, name: string): string {
  if (section === "" && isOptionPath(name)) {
    const [head, tail] = name.split(".");
    return `${name} is written as a section: \`${head}:\`, and below it, indented, \`${tail}: …\`.`;
  }
  const known = section === "" ? [...OPTION_PATHS, ...SECTIONS] : OPTION_PATHS;
  return `There is no option ${path}. ${suggest(path, known)}`;
}
