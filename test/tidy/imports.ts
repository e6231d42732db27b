/** What a source file imports, and which file or package that is. */
import { posix } from "node:path";
import type { Node, StringLiteral } from "oxc-parser";
import { lineOf, visit } from "./syntax.ts";
import type { SourceFile } from "./tree.ts";

export type ImportTarget =
  | { readonly kind: "file"; readonly path: string }
  /** One of our packages, by its name: `packages/<folder>`. */
  | { readonly kind: "package"; readonly name: string; readonly path: string }
  | { readonly kind: "npm"; readonly name: string }
  | { readonly kind: "node"; readonly name: string }
  /** A `#name` of the package's own `imports`. */
  | { readonly kind: "own" };

export interface Import {
  readonly specifier: string;
  readonly target: ImportTarget;
  /** Nothing of it is left once types are stripped. */
  readonly isTypeOnly: boolean;
  readonly names: readonly string[];
  readonly line: number;
}

export function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = [];
  const add = (source: StringLiteral, isTypeOnly: boolean, names: readonly string[], at: Node): void => {
    const target = targetOf(file.path, source.value);
    found.push({ specifier: source.value, target, isTypeOnly, names, line: lineOf(file, at) });
  };
  visit(file, {
    ImportDeclaration(node) {
      const specifiers = node.specifiers;
      const onlyTypes =
        specifiers.length > 0 &&
        specifiers.every((one) => one.type === "ImportSpecifier" && one.importKind === "type");
      const names = specifiers.map((one) =>
        one.type === "ImportSpecifier" && one.imported.type === "Identifier" ? one.imported.name : "*",
      );
      add(node.source, node.importKind === "type" || onlyTypes, names, node);
    },
    ExportNamedDeclaration(node) {
      if (node.source) add(node.source, node.exportKind === "type", [], node);
    },
    ExportAllDeclaration(node) {
      add(node.source, node.exportKind === "type", ["*"], node);
    },
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string") {
        add(node.source as StringLiteral, false, ["*"], node);
      }
    },
    TSImportType(node) {
      add(node.source, true, [], node);
    },
  });
  return found;
}

function targetOf(from: string, specifier: string): ImportTarget {
  if (specifier.startsWith(".")) return { kind: "file", path: posix.join(posix.dirname(from), specifier) };
  if (specifier.startsWith("#")) return { kind: "own" };
  if (specifier.startsWith("node:")) return { kind: "node", name: specifier };
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const folder = name === "trulinks" ? "server" : /^@trulinks\/(.+)$/.exec(name)?.[1];
  return folder === undefined
    ? { kind: "npm", name }
    : { kind: "package", name, path: `packages/${folder}/src/index.ts` };
}
