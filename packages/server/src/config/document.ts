/** The two documents that are made from the table of options; a test compares them with the committed files. */
import type { Flag, Option } from "./option.ts";
import { CONFIG_FILE, OPTION_PATHS, OPTIONS, type OptionPath } from "./options.ts";

const COMMENT_CHARACTERS_MAX = 100;

/**
 * Every option, commented out, with its default. Prose begins with `# `, an option with `#` and no space, so that
 * removing that one character puts the option in force.
 */
export function exampleYaml(): string {
  const lines = [
    "# The options of TruLinks with their defaults. Copy this file to ./trulinks.yaml, or name it with --config,",
    "# and remove the # before what you change, the line of its section included. Variables win over this file,",
    "# and the command line over both. Relative paths begin at this file's folder.",
  ];
  let section: string | null = null;
  for (const path of OPTION_PATHS) {
    const [head = "", tail] = path.split(".");
    if (section !== head) lines.push("");
    if (tail !== undefined && section !== head) lines.push(`#${head}:`);
    section = head;

    const indent = tail === undefined ? "" : "  ";
    lines.push(...proseOf(path).map((line) => `${indent}# ${line}`));
    lines.push(`#${indent}${tail ?? head}: ${asYaml(OPTIONS[path].default)}`);
  }
  return `${lines.join("\n")}\n`;
}

export function optionsMarkdown(): string {
  const rows = OPTION_PATHS.map((path) => {
    const option: Option<unknown> = OPTIONS[path];
    const given = option.default === null ? "–" : `\`${asYaml(option.default)}\``;
    const example = option.example === null ? "" : ` Example: \`${option.example}\`.`;
    const what = `${option.what} Expected: ${option.kind.expects}.${example}`;
    return row(`\`${path}\``, `\`${option.variable}\``, flagCell(option.flag), given, what);
  });
  return `${[
    "# Options",
    "",
    "This page is made from the table in `packages/server/src/config/options.ts`; `UPDATE=1` with its test rewrites it.",
    "",
    "Every option can stand in the file, in a variable or on the command line; **later ones win**, in this order. A path such as",
    "`public.listen` is the member `listen` below `public:` in the file; in a variable or a flag a list is separated by commas.",
    "Relative paths begin at the file's folder if they stand in the file, else at the working directory.",
    "",
    `The file is \`./${CONFIG_FILE.default}\` in the working directory, if it is there, or the one that \`${CONFIG_FILE.flag.name} ${CONFIG_FILE.flag.argument}\` or \`${CONFIG_FILE.variable}\` names.`,
    "`trulinks.example.yaml` lists everything with its default. Secrets have no flag, since command lines are visible to other users of the machine.",
    "An unknown member, an unknown `TRULINKS_…` variable or a wrong value stops the start, with all of them named at once;",
    "`trulinks config check` does the same without starting, and `trulinks config print` shows every value and where it came from.",
    "",
    row("path", "variable", "flag", "default", "what"),
    row("---", "---", "---", "---", "---"),
    ...rows,
    "",
    "## What must hold between them",
    "",
    "- `tls.cert` and `tls.key` are given together or not at all.",
    "- Without TLS a listener is on a loopback address, or `trusted_proxies` names the proxies in front, or `insecure` allows plain HTTP.",
    "- `public.listen` and `provider.listen` differ.",
    "- `database.url` needs `secret_key`.",
    "- `hooks.client_cert` and `hooks.client_key` are given together or not at all.",
    "- A user and password in `hooks.proxy` come from its variable only.",
    "",
    "Variables that begin with `TRULINKS_TEST_` are left to tests, and those that Kubernetes makes for a service called `trulinks` are passed over.",
  ].join("\n")}\n`;
}

function proseOf(path: OptionPath): readonly string[] {
  const { what, variable, flag, default: given, example }: Option<unknown> = OPTIONS[path];
  const names =
    flag.kind === "flag"
      ? `Variable ${variable}, flag ${flagText(flag)}.`
      : `Better as variable ${variable}.`;
  return [...wrap(what), ...(given === null && example !== null ? [`Example: ${example}`] : []), names];
}

function flagText(flag: Extract<Flag, { kind: "flag" }>): string {
  return flag.argument === null ? flag.name : `${flag.name} ${flag.argument}`;
}

function flagCell(flag: Flag): string {
  return flag.kind === "flag" ? `\`${flagText(flag)}\`` : "–";
}

/** Defaults are so plain that JSON is YAML; only texts read better without their quotes. */
function asYaml(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > COMMENT_CHARACTERS_MAX) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
