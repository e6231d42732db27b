/** From file, variables and command line to options. Later ones win; everything that is wrong is told at once. */
import { dirname, resolve } from "node:path";
import { type Flaw, type Place, show, showSecret, sortFlaws } from "./flaw.ts";
import { type Given, gatherFromFile, gatherFromFlags, gatherFromVariables } from "./gather.ts";
import type { Option } from "./option.ts";
import { CONFIG_FILE, OPTION_PATHS, OPTIONS, type OptionPath, type Options } from "./options.ts";
import { checkRules, type Sources } from "./rules.ts";
import { type ReadText, readFailure } from "./text-reader.ts";
import { parseYaml, type YamlNode } from "./yaml-tree.ts";

export interface OptionInputs {
  /** By name without dashes, in camel case; what was not given is left out or undefined. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly readText: ReadText;
}

export type Loaded =
  | {
      readonly kind: "ok";
      readonly options: Options;
      /** Where each value comes from. */
      readonly sources: Sources;
      /** The file that was read, if there was one. */
      readonly file: string | null;
    }
  | { readonly kind: "flawed"; readonly flaws: readonly Flaw[] };

export function loadOptions({ flags, env, cwd, readText }: OptionInputs): Loaded {
  const file = readConfigFile(chooseFile(flags, env), cwd, readText);
  const gathered = [gatherFromFile(file.root), gatherFromVariables(env), gatherFromFlags(flags)];
  const flaws = [...file.flaws, ...gathered.flatMap((one) => one.flaws)];

  const values = new Map<OptionPath, unknown>();
  const places = new Map<OptionPath, Place>();
  for (const path of OPTION_PATHS) {
    values.set(path, defaultOf(path, cwd));
    places.set(path, { kind: "default" });
  }
  for (const given of gathered.flatMap((one) => one.given)) {
    const judged = judge(given, given.place.kind === "file" ? file.folder : cwd);
    if (judged.kind === "flawed") flaws.push(...judged.flaws);
    else values.set(given.path, judged.value);
    places.set(given.path, given.place);
  }
  if (flaws.length > 0) return { kind: "flawed", flaws: sortFlaws(flaws) };

  const options = nest(values);
  const sources = Object.fromEntries(places) as Sources;
  const broken = checkRules(options, sources);
  if (broken.length > 0) return { kind: "flawed", flaws: broken };
  return { kind: "ok", options, sources, file: file.path };
}

interface FileChoice {
  readonly name: string;
  /** Null: nobody named it, so it need not be there. */
  readonly namedBy: Place | null;
}

function chooseFile(flags: OptionInputs["flags"], env: OptionInputs["env"]): FileChoice {
  const { flag, variable } = CONFIG_FILE;
  if (typeof flags.config === "string") {
    return { name: flags.config, namedBy: { kind: "flag", flag: flag.name } };
  }
  const named = env[variable];
  if (named !== undefined) return { name: named, namedBy: { kind: "variable", name: variable } };
  return { name: CONFIG_FILE.default, namedBy: null };
}

interface ConfigFile {
  readonly root: YamlNode | null;
  /** Null: there is none. */
  readonly path: string | null;
  /** Where relative paths in it begin. */
  readonly folder: string;
  readonly flaws: readonly Flaw[];
}

function readConfigFile({ name, namedBy }: FileChoice, cwd: string, readText: ReadText): ConfigFile {
  const path = resolve(cwd, name);
  const folder = dirname(path);
  const read = readText(path);
  if (read.kind === "absent" && namedBy === null) return { root: null, path: null, folder, flaws: [] };
  if (read.kind !== "text") {
    const place: Place = namedBy ?? { kind: "file", file: name, line: 1, column: 1 };
    const message = `The configuration file ${show(name)} ${readFailure(read)}.`;
    return { root: null, path, folder, flaws: [{ place, path: null, message }] };
  }
  const parsed = parseYaml(read.text, name);
  return parsed.kind === "parsed"
    ? { root: parsed.root, path, folder, flaws: [] }
    : { root: null, path, folder, flaws: parsed.flaws };
}

type Judged =
  | { readonly kind: "good"; readonly value: unknown }
  | { readonly kind: "flawed"; readonly flaws: readonly Flaw[] };

function judge({ path, place, value, itemPlaces }: Given, folder: string): Judged {
  const { kind, isNullable }: Option<unknown> = OPTIONS[path];
  if (value === null && isNullable) return { kind: "good", value: null };
  const parsed = kind.parse(value, folder);
  if (parsed !== undefined) return { kind: "good", value: parsed };

  const expected = `Expected ${kind.expects}.`;
  const badItems = kind.isItem && Array.isArray(value) ? indexesOfBad(value, kind.isItem) : [];
  if (badItems.length > 0) {
    const flaws = badItems.map((index): Flaw => {
      const message = `${path} has ${show((value as unknown[])[index])}. ${expected}`;
      return { place: itemPlaces[index] ?? place, path, message };
    });
    return { kind: "flawed", flaws };
  }
  const shown = kind.isSecret ? showSecret(value) : show(value);
  // YAML takes an unquoted 8080 for a number and an unquoted yes for a text; only the first can be mended by quotes.
  const isUnquoted = kind.isText && (typeof value === "number" || typeof value === "boolean");
  const hint = isUnquoted ? " Put it in quotes." : "";
  return { kind: "flawed", flaws: [{ place, path, message: `${path} is ${shown}. ${expected}${hint}` }] };
}

function indexesOfBad(items: readonly unknown[], isGood: (item: unknown) => boolean): readonly number[] {
  return items.flatMap((item, index) => (isGood(item) ? [] : [index]));
}

function defaultOf(path: OptionPath, cwd: string): unknown {
  const { kind, default: given }: Option<unknown> = OPTIONS[path];
  return given === null ? null : kind.parse(given, cwd);
}

function nest(values: ReadonlyMap<OptionPath, unknown>): Options {
  const nested: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const [head = "", tail] = path.split(".");
    if (tail === undefined) nested[head] = value;
    else nested[head] = { ...(nested[head] as object | undefined), [tail]: value };
  }
  // The type is made from the same table by the same rule.
  return nested as unknown as Options;
}
