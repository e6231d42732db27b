/** Results as a drawing (SVG) that reads in light and in dark: one panel of bars for each part that has a headline. */
import type { PartResult, Row } from "../bench.ts";
import { figure } from "./figure.ts";

const WIDTH = 900;
const TOP = 80;
const PANEL_TOP = 34;
const PANEL_GAP = 26;
const BAR_HEIGHT = 22;
const BAR_GAP = 8;
const LABEL_WIDTH = 330;
const BAR_WIDTH_MAX = 420;

export function chart(title: string, about: string, results: readonly PartResult[]): string {
  let y = TOP;
  const panels = results.flatMap((result) => {
    if (result.headline === null) return [];
    const drawn = panel(result, result.headline, y);
    y += PANEL_TOP + result.rows.length * (BAR_HEIGHT + BAR_GAP) + PANEL_GAP;
    return [drawn];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif" font-size="13">
<style>
  .title { font-size: 17px; font-weight: 600 } .part { font-weight: 600 } .title, .part, .label, .value { fill: #1c2430 } .about { fill: #667 ; font-size: 12px }
  .us { fill: #2f6feb } .peer { fill: #9aa4b2 } .limit { fill: #d3a13b } .ground { fill: #ffffff }
  @media (prefers-color-scheme: dark) { .title, .part, .label, .value { fill: #e6e9ef } .about { fill: #99a } .ground { fill: #14181f } .us { fill: #5a93ff } .peer { fill: #6b7585 } }
</style>
<rect class="ground" width="${WIDTH}" height="${y}"/>
<text class="title" x="20" y="28">${escapeXml(title)}</text>
<text class="about" x="20" y="48">${escapeXml(about)}</text>
${panels.join("\n")}
</svg>
`;
}

function panel({ title, columns, rows }: PartResult, headline: string, top: number): string {
  const column = columns.find(({ name }) => name === headline);
  const largest = Math.max(...rows.map((row) => lengthOf(row, headline)));
  const bars = rows.map((row, index) => {
    const y = top + PANEL_TOP + index * (BAR_HEIGHT + BAR_GAP);
    const width = Math.max(1, (lengthOf(row, headline) / largest) * BAR_WIDTH_MAX);
    const text = `${figure(row.values[headline], column?.digits ?? 0)}${ofLimit(row)}`;
    return [
      `<text class="label" x="${LABEL_WIDTH - 10}" y="${y + 15}" text-anchor="end">${escapeXml(row.name)}</text>`,
      `<rect class="${row.kind}" x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="3"/>`,
      `<text class="value" x="${(LABEL_WIDTH + width + 8).toFixed(1)}" y="${y + 15}">${text}</text>`,
    ].join("\n");
  });
  const percent = rows.some(({ values }) => "of_limit" in values) ? "; percent of the limit" : "";
  const what = `${headline.replaceAll("_", " ")} (${column?.unit ?? ""}), median${percent}`;
  return [
    `<text class="part" x="20" y="${top + 6}">${escapeXml(title)}</text>`,
    `<text class="about" x="20" y="${top + 23}">${escapeXml(what)}</text>`,
    ...bars,
  ].join("\n");
}

function lengthOf(row: Row, column: string): number {
  const value = row.values[column] ?? 0;
  return Number.isNaN(value) ? 0 : value;
}

function ofLimit({ values }: Row): string {
  const share = values["of_limit"];
  return share === undefined ? "" : ` · ${figure(share, 0)} %`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
