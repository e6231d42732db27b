/** What the demo shows: one screen of at most 100 × 30, and one line that lives. Pure. */
import type { Tally } from "./activity.ts";

export interface ScreenFacts {
  readonly publicUrl: string;
  readonly providerUrl: string;
  readonly trackerUrl: string;
  readonly greeterUrl: string;
  /** Where the platform's own paths begin: `/integrations`. */
  readonly prefix: string;
  /** The file that holds the operator key, or who else gave it. */
  readonly operatorKeyPlace: string;
  /** The file of the certificate; null without TLS. */
  readonly certificate: string | null;
  readonly dataFolder: string;
  readonly token: string;
  readonly project: number;
}

/** The screen's lines. A line that begins with `curl` can be pasted into a shell as it is. */
export function renderScreen(facts: ScreenFacts): readonly string[] {
  const { publicUrl, providerUrl, prefix, token } = facts;
  const trust = facts.certificate === null ? "" : `--cacert '${facts.certificate}' `;
  const authorization = `${trust}-H 'Authorization: Bearer ${token}'`;
  const json = "-H 'Content-Type: application/json'";
  return [
    "TruLinks is up, with an API behind it and an app in front of it.",
    "",
    `  for integrators   ${publicUrl}`,
    `        reference   ${publicUrl}${prefix}/reference`,
    `  for the provider  ${providerUrl}`,
    `        reference   ${providerUrl}/reference`,
    `  operator key      ${facts.operatorKeyPlace}`,
    `  tracker           ${facts.trackerUrl}  the provider's API: issues, comments, pull requests`,
    `  greeter           ${facts.greeterUrl}  an app: greets every new issue with a comment`,
    `  fresh token       ${token}`,
    "                    ada lets the greeter's app act for her",
    "",
    "Open an issue:",
    `curl ${authorization} ${json} -d '{"title":"Hello"}' ${publicUrl}/projects/${facts.project}/issues`,
    "Look at its deliveries:",
    `curl ${authorization} '${publicUrl}${prefix}/deliveries?type=issue.opened'`,
    "Look at the quota:",
    `curl ${authorization} ${publicUrl}${prefix}/rate_limit`,
    "",
    `Ctrl-C stops everything; the data stay in ${facts.dataFolder}.`,
    "",
  ];
}

/** The live line, no wider than the terminal; `columns` null: not a terminal, and as long as it is. */
export function renderTally(tally: Tally, columns: number | null): string {
  const { requests, refused, events, delivered, failed, last } = tally;
  const parts = [
    counted(requests, "request"),
    ...(refused > 0 ? [`${refused} refused`] : []),
    counted(events, "event"),
    `${delivered} delivered`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(last === null ? [] : [`last: ${last}`]),
  ];
  const line = parts.join(" · ");
  // A line that fills the last column would wrap on some terminals.
  if (columns === null || line.length < columns) return line;
  return `${line.slice(0, Math.max(0, columns - 2))}…`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
