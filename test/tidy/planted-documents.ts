/** Violations around the sources: documents, the authorisation matrix, packages, modes, links. */
import { LOG_EVENTS_PATH } from "./reference-pages.ts";
import type { House } from "./rule.ts";
import { plant } from "./tree.ts";
import { source, type Violation } from "./violation.ts";

const SERVER = "packages/server/src";

export const DOCUMENT_VIOLATIONS: readonly Violation[] = [
  {
    rule: "documented.error",
    name: "an error that nobody documented",
    planted: (house) =>
      withFacts(house, {
        errors: { ...house.facts.errors, "made-up": { status: 418, title: "T", remedy: "R." } },
      }),
    path: "docs/reference/errors.md",
    message: /`made-up` is not documented; it is in packages\/protocol\/src\/errors\.ts.*UPDATE=1/,
  },
  {
    rule: "documented.error",
    name: "a documented error that does not exist",
    planted: (house) => withLine(house, "docs/reference/errors.md", "## `made-up`"),
    path: "docs/reference/errors.md",
    message: /`made-up` is documented and is not in/,
  },
  {
    rule: "documented.error",
    name: "other words than the table's",
    planted: (house) => withLine(house, "docs/reference/errors.md", "And more."),
    path: "docs/reference/errors.md",
    message: /says something else/,
  },
  {
    rule: "documented.outcome",
    name: "an outcome that nobody documented",
    planted: (house) =>
      withFacts(house, {
        outcomes: { ...house.facts.outcomes, melted: { sentence: "It melted.", guideline: null } },
      }),
    path: "docs/reference/outcomes.md",
    message: /`melted` is not documented/,
  },
  {
    rule: "documented.option",
    name: "an option that nobody documented",
    planted: (house) => withOptions(house, [...(house.facts.options?.paths ?? []), "made.up"]),
    path: "docs/reference/options.md",
    message: /`made\.up` is not documented/,
  },
  {
    rule: "documented.option",
    name: "an option in the example file that does not exist",
    planted: (house) => withLine(house, "trulinks.example.yaml", "#made_up: 1"),
    path: "trulinks.example.yaml",
    message: /`made_up` is documented and is not in/,
  },
  {
    rule: "documented.command",
    name: "a command that nobody documented",
    planted: (house) =>
      withFacts(house, {
        commands: [
          ...(house.facts.commands ?? []),
          { name: "trulinks sing", usage: "", what: "", members: [] },
        ],
      }),
    path: "docs/reference/commands.md",
    message: /`trulinks sing` is not documented/,
  },
  {
    rule: "documented.metric",
    name: "a metric that nobody documented",
    planted: (house) => {
      const { own = {}, process = {} } = house.facts.metrics ?? {};
      const madeUp = { kind: "counter", what: "It counts." };
      return withFacts(house, { metrics: { own: { ...own, trulinks_made_up_total: madeUp }, process } });
    },
    path: "docs/reference/metrics.md",
    message: /`trulinks_made_up_total` is not documented/,
  },
  {
    rule: "documented.metric",
    name: "a documented metric that does not exist",
    planted: (house) =>
      withLine(house, "docs/reference/metrics.md", "| `trulinks_gone` | gauge | Nothing. |"),
    path: "docs/reference/metrics.md",
    message: /`trulinks_gone` is documented and is not in/,
  },
  {
    rule: "documented.route",
    name: "a route that nobody documented",
    planted: withRoute,
    path: "docs/reference/routes.md",
    message: /`GET \/v1\/made-up` is not documented/,
  },
  source(
    "documented.log-event",
    "a log event that the golden file lacks",
    `${SERVER}/webhooks/x.ts`,
    'deps.log.info("delivery.imagined");',
    /`delivery\.imagined` is not documented/,
    LOG_EVENTS_PATH,
  ),
  source(
    "documented.log-event",
    "a log event whose name is computed",
    `${SERVER}/webhooks/x.ts`,
    "log.info(name);",
    /Write the name out/,
  ),
  source(
    "documented.log-event",
    "a log event that is a sentence",
    `${SERVER}/webhooks/x.ts`,
    'log.warn("It did not work");',
    /is no event's name/,
  ),
  {
    rule: "documented.source",
    name: "a table that cannot be read",
    planted: (house) => withFacts(house, { unreadable: [{ path: "x.ts", because: "it has moved" }] }),
    path: "x.ts",
    message: /could not be read: it has moved/,
  },
  {
    rule: "matrix.routes",
    name: "a route outside the matrix",
    planted: withRoute,
    path: `${SERVER}/api/matrix.ts`,
    message: /`GET \/v1\/made-up` is not in MATRIX. Say there what each kind of stranger gets/,
  },
  {
    rule: "matrix.routes",
    name: "an entry of the matrix without a route",
    planted: (house) => withFacts(house, { matrix: [...(house.facts.matrix ?? []), "GET /gone"] }),
    path: `${SERVER}/api/matrix.ts`,
    message: /`GET \/gone` is in MATRIX and no route/,
  },

  {
    rule: "packages.exact",
    name: "a range of versions",
    planted: (house) =>
      withManifest(house, (manifest) => ({ ...manifest, devDependencies: { left: "^1.0.0" } })),
    path: "packages/limits/package.json",
    message: /exact version/,
  },
  source(
    "packages.declared",
    "an import that package.json does not have",
    "packages/limits/src/x.ts",
    'import "left-pad";',
    /not in packages\/limits\/package\.json/,
  ),
  source(
    "packages.declared",
    "Node's module without node:",
    `${SERVER}/cli/x.ts`,
    'import "fs";',
    /as `node:fs`/,
  ),
  {
    rule: "packages.used",
    name: "a dependency that nobody imports",
    planted: (house) => withManifest(house, (manifest) => ({ ...manifest, dependencies: { left: "1.0.0" } })),
    path: "packages/limits/package.json",
    message: /left is imported nowhere/,
  },
  source(
    "lock.no-host",
    "a lock file that names a registry",
    "package-lock.json",
    '{ "packages": { "node_modules/a": { "resolved": "https://registry.example.com/a.tgz" } } }',
    /omit-lockfile-registry-resolved/,
  ),
  source(
    "lock.whole",
    "a lock file made on one platform only",
    "package-lock.json",
    '{ "packages": { "node_modules/a": { "optionalDependencies": { "a-win32": "1.0.0" } } } }',
    /a-win32 .*npm ci/,
  ),
  {
    rule: "modes.executable",
    name: "a document that can be run",
    planted: (house) => ({ ...house, tree: plant(house.tree, "README.md", "", true) }),
    path: "README.md",
    message: /chmod 644/,
  },
  {
    rule: "modes.executable",
    name: "a command that cannot be run",
    planted: (house) => ({ ...house, tree: plant(house.tree, "packages/server/bin/trulinks.js", "", false) }),
    path: "packages/server/bin/trulinks.js",
    message: /chmod 755/,
  },
  source(
    "links.target",
    "a link that leads nowhere",
    "docs/x.md",
    "# A page\n\n[there](gone.md)\n",
    /no docs\/gone\.md/,
  ),
  source(
    "links.anchor",
    "a link to no heading",
    "docs/x.md",
    "# A page\n\n[there](#another-page)\n",
    /Its anchors: a-page/,
  ),
];

function withFacts(house: House, facts: Partial<House["facts"]>): House {
  return { ...house, facts: { ...house.facts, ...facts } };
}

function withOptions(house: House, paths: readonly string[]): House {
  const options = house.facts.options ?? { markdown: "", exampleYaml: "" };
  return withFacts(house, { options: { ...options, paths } });
}

function withLine(house: House, path: string, line: string): House {
  return { ...house, tree: plant(house.tree, path, `${house.tree.get(path)?.text}\n${line}\n`) };
}

function withRoute(house: House): House {
  const path = "test/goldens/provider.openapi.json";
  const document = JSON.parse(house.tree.get(path)?.text ?? "{}");
  document.paths = { ...document.paths, "/v1/made-up": { get: { summary: "Made up" } } };
  return { ...house, tree: plant(house.tree, path, JSON.stringify(document)) };
}

function withManifest(house: House, change: (manifest: object) => object): House {
  const path = "packages/limits/package.json";
  const manifest = JSON.parse(house.tree.get(path)?.text ?? "{}");
  return { ...house, tree: plant(house.tree, path, JSON.stringify(change(manifest))) };
}
