/** Pages that are made from tables in the code, and the golden list of log events. */
import type { ErrorEntry } from "@trulinks/protocol";
import type { CommandFact, Metrics, OutcomeFact } from "./facts.ts";
import { logCallsIn } from "./log-events.ts";
import { OPENAPI_PATHS, type Operation, operationsIn } from "./openapi-operations.ts";
import type { House } from "./rule.ts";

export interface ReferencePage {
  readonly rule: string;
  readonly path: string;
  /** Where the truth is. */
  readonly source: string;
  /** What has to be on it. */
  readonly keys: readonly string[];
  readonly text: string;
  /** What a page of this kind documents. */
  keysIn(text: string): readonly string[];
}

export const EXAMPLE_YAML_PATH = "trulinks.example.yaml";
export const LOG_EVENTS_PATH = "test/goldens/log-events.txt";

/** Every page whose source can be read. */
export function referencePages({ tree, facts }: House): readonly ReferencePage[] {
  const { errors, outcomes, options, commands, metrics } = facts;
  const operations = operationsIn(tree);
  const events = [...new Set(logCallsIn(tree).flatMap(({ event }) => event ?? []))].sort();
  return [
    page("error", "packages/protocol/src/errors.ts", Object.keys(errors), errorsPage(errors)),
    outcomes &&
      page(
        "outcome",
        "packages/server/src/webhooks/outcome.ts",
        Object.keys(outcomes),
        outcomesPage(outcomes),
      ),
    options && page("option", OPTIONS_SOURCE, options.paths, options.markdown),
    options && {
      ...page("option", OPTIONS_SOURCE, options.paths, options.exampleYaml),
      path: EXAMPLE_YAML_PATH,
      keysIn: optionsInYaml,
    },
    commands &&
      page(
        "command",
        "packages/server/src/cli/program.ts",
        commands.map(({ name }) => name),
        commandsPage(commands),
      ),
    metrics &&
      page(
        "metric",
        "packages/server/src/telemetry/metrics.ts",
        [...Object.keys(metrics.own), ...Object.keys(metrics.process)],
        metricsPage(metrics),
      ),
    operations &&
      page(
        "route",
        "the two OpenAPI documents in test/goldens",
        operations.map(({ key }) => key),
        routesPage(operations),
      ),
    {
      rule: "documented.log-event",
      path: LOG_EVENTS_PATH,
      source: "the log's calls in packages/server/src",
      keys: events,
      text: events.map((event) => `${event}\n`).join(""),
      keysIn: (text: string) => text.split("\n").filter((line) => line !== ""),
    },
  ].filter((one) => one !== null);
}

const OPTIONS_SOURCE = "packages/server/src/config/options.ts";

function page(what: string, source: string, keys: readonly string[], text: string): ReferencePage {
  return {
    rule: `documented.${what}`,
    path: `docs/reference/${what}s.md`,
    source,
    keys,
    text,
    keysIn: keysInMarkdown,
  };
}

/** What stands first, as code, in a heading or in a row of a table. */
function keysInMarkdown(text: string): readonly string[] {
  return [...text.matchAll(/^(?:#{2,3} |\| )`([^`]+)`/gm)].map(([, key = ""]) => key);
}

function optionsInYaml(text: string): readonly string[] {
  let section = "";
  return [...text.matchAll(/^#( {2})?([a-z0-9_]+):(.*)$/gm)].flatMap(([, indent, name = "", value = ""]) => {
    if (indent) return [`${section}.${name}`];
    section = name;
    return value === "" ? [] : [name];
  });
}

function errorsPage(errors: Readonly<Record<string, ErrorEntry>>): string {
  return markdown(
    "Errors",
    "Every error that TruLinks answers with. The code is the end of the problem's `type`, `urn:trulinks:problem:<code>`.",
    "packages/protocol/src/errors.ts",
    Object.entries(errors)
      .toSorted(([, one], [, other]) => one.status - other.status)
      .flatMap(([code, { status, title, remedy, guideline }]) => [
        `## \`${code}\``,
        "",
        `**${status} ${title}.** ${remedy}${guideline ? ` Guideline: \`${guideline}\`.` : ""}`,
        "",
      ]),
  );
}

function outcomesPage(outcomes: Readonly<Record<string, OutcomeFact>>): string {
  return markdown(
    "Outcomes",
    "How one attempt to deliver a webhook can end. The list is closed.",
    "packages/server/src/webhooks/outcome.ts",
    [
      "| outcome | what happened | guideline |",
      "| --- | --- | --- |",
      ...Object.entries(outcomes).map(
        ([kind, { sentence, guideline }]) =>
          `| \`${kind}\` | ${sentence} | ${guideline ? `\`${guideline}\`` : "–"} |`,
      ),
    ],
  );
}

function commandsPage(commands: readonly CommandFact[]): string {
  return markdown(
    "Commands",
    "What `trulinks` can be told on the command line. In a checkout the command is `npx trulinks`.",
    "packages/server/src/cli/program.ts",
    commands.flatMap(({ name, usage, what, members }) => [
      `## \`${name}\``,
      "",
      `${what}.`.replace("..", "."),
      "",
      "```",
      usage,
      "```",
      "",
      ...members.map((member) => `- \`${member.name}\`: ${member.what}`),
      ...(members.length > 0 ? [""] : []),
    ]),
  );
}

function metricsPage({ own, process }: { readonly own: Metrics; readonly process: Metrics }): string {
  return markdown(
    "Metrics",
    "What `GET /metrics` on the provider listener tells Prometheus. Each process tells only of itself, since it started; durations are in seconds. How to scrape them, and what to be woken for, stands in [observe](../operate/observe.md).",
    "packages/server/src/telemetry/metrics.ts and process-metrics.ts",
    ["## TruLinks", "", ...metricsTable(own), "", "## Process and runtime", "", ...metricsTable(process)],
  );
}

function metricsTable(metrics: Metrics): readonly string[] {
  return [
    "| metric | kind | what it tells |",
    "| --- | --- | --- |",
    ...Object.entries(metrics).map(([name, { kind, what, labels = {}, buckets }]) => {
      const told = Object.entries(labels).map(([label, values]) => ` \`${label}\`: ${values}.`);
      const bounds = buckets === undefined ? "" : ` Buckets up to ${buckets.join(", ")}.`;
      return `| \`${name}\` | ${kind} | ${what}${told.join("")}${bounds} |`;
    }),
  ];
}

function routesPage(operations: readonly Operation[]): string {
  return markdown(
    "Routes",
    "Every operation of the two APIs. Their OpenAPI documents, served at `/v1/openapi.json` and `/integrations/openapi.json`, say the rest.",
    "the OpenAPI documents in test/goldens",
    Object.keys(OPENAPI_PATHS).flatMap((listener) => [
      `## ${listener}`,
      "",
      "| route | what it does |",
      "| --- | --- |",
      ...operations
        .filter((one) => one.listener === listener)
        .map(({ key, summary }) => `| \`${key}\` | ${summary} |`),
      "",
    ]),
  );
}

function markdown(title: string, purpose: string, source: string, lines: readonly string[]): string {
  const note = `This page is made from ${source}; \`UPDATE=1 npm run check:tidy\` rewrites it.`;
  return `${[`# ${title}`, "", purpose, note, "", ...lines].join("\n").trimEnd()}\n`;
}
