/** What package.json files, the lock file and file modes have to promise. */
import { builtinModules } from "node:module";
import { importsOf } from "./imports.ts";
import type { Finding, RuleFamily } from "./rule.ts";
import { filesWhere, isTest, isTypeScript, type SourceFile, type Tree } from "./tree.ts";

interface Manifest {
  readonly name?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface LockEntry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const LOCK_PATH = "package-lock.json";
const CI_PATH = ".ci/run";

export const packages: RuleFamily = {
  promises: {
    "packages.exact": "Dependencies are exact versions.",
    "packages.declared": "What a package imports is in its package.json.",
    "packages.used": "What is in a package's dependencies is imported there.",
    "lock.no-host": "The lock file names no registry.",
    "lock.whole": "The lock file has every optional dependency, those of other platforms included.",
    "modes.executable": "Commands and .ci/run are executable, and nothing else is.",
  },
  check: ({ tree }) => {
    const manifests = readManifests(tree);
    return [
      ...exactFindings(manifests),
      ...declaredFindings(tree, manifests),
      ...usedFindings(tree, manifests),
      ...lockFindings(tree),
      ...modeFindings(tree, manifests),
    ];
  },
};

/** By folder; the root's is "". */
type Manifests = ReadonlyMap<string, Manifest>;

function readManifests(tree: Tree): Manifests {
  const files = filesWhere(tree, (path) => /^((packages|examples)\/[^/]+\/)?package\.json$/.test(path));
  return new Map(files.map((file) => [folderOf(file.path), JSON.parse(file.text) as Manifest]));
}

function exactFindings(manifests: Manifests): readonly Finding[] {
  return [...manifests].flatMap(([folder, { dependencies, devDependencies, optionalDependencies }]) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter(([, version]) => !EXACT.test(version))
      .map(([name, version]) => ({
        rule: "packages.exact",
        path: manifestPath(folder),
        message: `${name} is asked for as "${version}". Write the exact version, since npm picks others under an older Node.`,
      })),
  );
}

function declaredFindings(tree: Tree, manifests: Manifests): readonly Finding[] {
  // Tests and benches look at the packages from within and without, so they may use whatever one of them has.
  const anywhere = [...manifests.values()].flatMap((one) => [
    one.name,
    ...declaredBy(one),
    ...Object.keys(one.devDependencies ?? {}),
  ]);
  return filesWhere(tree, isTypeScript).flatMap((file) => {
    const folder = folderOf(file.path);
    const manifest = manifests.get(folder) ?? {};
    const known = new Set<string | undefined>([...declaredBy(manifest), manifest.name]);
    if (folder === "" || isTest(file.path)) for (const name of anywhere) known.add(name);
    return importedBy(file)
      .filter(({ name }) => !known.has(name))
      .map(({ name, line }) => ({
        rule: "packages.declared",
        path: file.path,
        line,
        message: builtinModules.includes(name)
          ? `Import Node's own modules as \`node:${name}\`.`
          : `${name} is not in ${manifestPath(folder)}. Add it there with its exact version, or do without.`,
      }));
  });
}

function usedFindings(tree: Tree, manifests: Manifests): readonly Finding[] {
  return [...manifests]
    .filter(([folder]) => folder !== "")
    .flatMap(([folder, { dependencies }]) => {
      const sources = filesWhere(
        tree,
        (path) => path.startsWith(`${folder}/`) && isTypeScript(path) && !isTest(path),
      );
      const used = new Set(sources.flatMap(importedBy).map(({ name }) => name));
      return Object.keys(dependencies ?? {})
        .filter((name) => !used.has(name))
        .map((name) => ({
          rule: "packages.used",
          path: manifestPath(folder),
          message: `${name} is imported nowhere in ${folder}. Remove it; what only tests need stands in the root's devDependencies.`,
        }));
    });
}

function lockFindings(tree: Tree): readonly Finding[] {
  const file = tree.get(LOCK_PATH);
  if (file === undefined) return [];
  const lock = JSON.parse(file.text) as { readonly packages: Readonly<Record<string, LockEntry>> };
  const entries = Object.entries(lock.packages);
  const hosts = entries.filter(
    ([, { resolved }]) => resolved !== undefined && /^[a-z+]+:\/\//.test(resolved),
  );
  const absent = entries.flatMap(([at, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {}).filter(
      (name) => !lock.packages[`${at}/node_modules/${name}`] && !lock.packages[`node_modules/${name}`],
    ),
  );
  return [
    ...hosts.slice(0, 1).map(([at]) => ({
      rule: "lock.no-host",
      path: LOCK_PATH,
      message: `${at} and ${hosts.length - 1} more name the host they were fetched from. Install with \`omit-lockfile-registry-resolved=true\`.`,
    })),
    ...absent.slice(0, 1).map((name) => ({
      rule: "lock.whole",
      path: LOCK_PATH,
      message: `${name} and ${absent.length - 1} more have no entry, so that \`npm ci\` refuses to install. Make the lock file anew where the registry has them, or add their entries.`,
    })),
  ];
}

function modeFindings(tree: Tree, manifests: Manifests): readonly Finding[] {
  const commands = [...manifests].flatMap(([folder, { bin }]) =>
    Object.values(bin ?? {}).map((path) => `${folder}/${path}`),
  );
  const expected = new Set([CI_PATH, ...commands]);
  return filesWhere(tree, () => true)
    .filter(({ path, isExecutable }) => isExecutable !== expected.has(path))
    .map(({ path, isExecutable }) => ({
      rule: "modes.executable",
      path,
      message: isExecutable
        ? "It is no command and yet executable: `chmod 644` it."
        : "It is a command and not executable, so that every install would change it: `chmod 755` it.",
    }));
}

function importedBy(file: SourceFile): readonly { readonly name: string; readonly line: number }[] {
  return importsOf(file).flatMap(({ target, line }) =>
    target.kind === "npm" || target.kind === "package" ? [{ name: target.name, line }] : [],
  );
}

function declaredBy({ dependencies, optionalDependencies, peerDependencies }: Manifest): readonly string[] {
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}

function folderOf(path: string): string {
  return /^(packages|examples)\/[^/]+/.exec(path)?.[0] ?? "";
}

function manifestPath(folder: string): string {
  return folder === "" ? "package.json" : `${folder}/package.json`;
}
