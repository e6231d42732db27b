/** Everything that people can meet is documented, and nothing is documented that does not exist. */
import { logCallsIn } from "./log-events.ts";
import { OPENAPI_PATHS, operationsIn } from "./openapi-operations.ts";
import { type ReferencePage, referencePages } from "./reference-pages.ts";
import type { Finding, House, RuleFamily } from "./rule.ts";

const UPDATE = "`UPDATE=1 npm run check:tidy` rewrites it";
const EVENT_NAME = /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/;

export const documented: RuleFamily = {
  promises: {
    "documented.error": "Every error stands in docs/reference/errors.md.",
    "documented.outcome": "Every outcome of an attempt stands in docs/reference/outcomes.md.",
    "documented.option": "Every option stands in docs/reference/options.md and in trulinks.example.yaml.",
    "documented.command": "Every command stands in docs/reference/commands.md.",
    "documented.metric": "Every metric stands in docs/reference/metrics.md.",
    "documented.route": "Every route stands in docs/reference/routes.md.",
    "documented.log-event":
      "Every log event stands in test/goldens/log-events.txt, and is named by a literal.",
    "documented.source": "The tables that documents are made from can be read.",
    "matrix.routes": "Every route is in the authorisation matrix, and nothing else is.",
  },
  check: (house) => [
    ...sourceFindings(house),
    ...referencePages(house).flatMap((page) => pageFindings(page, house.tree.get(page.path)?.text)),
    ...eventNameFindings(house),
    ...matrixFindings(house),
  ],
};

function pageFindings(page: ReferencePage, text: string | undefined): readonly Finding[] {
  const { rule, path, source } = page;
  if (text === undefined) return [{ rule, path, message: `The page is missing. ${UPDATE}.` }];

  const standing = new Set(page.keysIn(text));
  const lacking = page.keys.filter((key) => !standing.has(key));
  const surplus = [...standing].filter((key) => !page.keys.includes(key));
  const findings = [
    ...lacking.map((key) => `\`${key}\` is not documented; it is in ${source}. ${UPDATE}.`),
    ...surplus.map((key) => `\`${key}\` is documented and is not in ${source}. ${UPDATE}.`),
  ].map((message) => ({ rule, path, message }));
  if (findings.length > 0 || text === page.text) return findings;
  const line = firstDifference(text, page.text);
  return [{ rule, path, line, message: `The page says something else than ${source}. ${UPDATE}.` }];
}

function firstDifference(left: string, right: string): number {
  const others = right.split("\n");
  return left.split("\n").findIndex((line, index) => line !== others[index]) + 1;
}

function sourceFindings({ tree, facts }: House): readonly Finding[] {
  const missing = Object.values(OPENAPI_PATHS).filter((path) => !tree.has(path));
  return [
    ...facts.unreadable.map(({ path, because }) => ({
      rule: "documented.source",
      path,
      message: `A table that documents are made from could not be read: ${because}. Mend the file, or test/tidy/facts.ts if the table has moved.`,
    })),
    ...missing.map((path) => ({
      rule: "documented.source",
      path,
      message:
        "The OpenAPI document is missing. Write it with `UPDATE=1` and the tests of packages/server/src/api.",
    })),
  ];
}

function eventNameFindings({ tree }: House): readonly Finding[] {
  return logCallsIn(tree)
    .filter(({ event }) => event === null || !EVENT_NAME.test(event))
    .map(({ path, line, event }) => {
      const message =
        event === null
          ? "The event's name is no string literal, so that it cannot be listed. Write the name out."
          : `"${event}" is no event's name. Say what and what happened to it: \`delivery.attempted\`.`;
      return { rule: "documented.log-event", path, line, message };
    });
}

function matrixFindings({ tree, facts }: House): readonly Finding[] {
  const operations = operationsIn(tree);
  if (operations === null || facts.matrix === null) return [];
  const routes = new Set(operations.map(({ key }) => key));
  const entries = new Set(facts.matrix);
  const path = "packages/server/src/api/matrix.ts";
  const missing = [...routes].filter((key) => !entries.has(key));
  const surplus = [...entries].filter((key) => !routes.has(key));
  return [
    ...missing.map(
      (key) => `\`${key}\` is not in MATRIX. Say there what each kind of stranger gets from it.`,
    ),
    ...surplus.map((key) => `\`${key}\` is in MATRIX and no route. Take it out, or mend its path.`),
  ].map((message) => ({ rule: "matrix.routes", path, message }));
}
