/** A run as a table for people, as JSON for programs, and as a chart (SVG) that reads in light and in dark. */
import type { Bench, Row } from "./harness.ts";

export function table(bench: Bench, rows: readonly Row[]): string {
  const header = [
    "",
    ...bench.metrics.map(({ name, unit }) => `${name.replaceAll("_", " ")} (${unit})`),
    "of limit",
  ];
  const lines = rows.map((row) => [
    row.contender,
    ...bench.metrics.map(({ name, digits }) => figure(row.median[name], digits)),
    row.ratioToLimit === null ? "–" : `${(row.ratioToLimit * 100).toFixed(0)} %`,
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...lines].map((line) => line[column]?.length ?? 0)),
  );
  const render = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  return [render(header), widths.map((width) => "─".repeat(width)).join("  "), ...lines.map(render)].join(
    "\n",
  );
}

const BAR_HEIGHT = 26;
const LABEL_WIDTH = 300;
const BAR_WIDTH_MAX = 460;

export function chart(bench: Bench, rows: readonly Row[], about: string): string {
  const top = 64;
  const height = top + rows.length * (BAR_HEIGHT + 10) + 34;
  const largest = Math.max(...rows.map((row) => row.median[bench.headline] ?? 0));
  const metric = bench.metrics.find(({ name }) => name === bench.headline);
  const bars = rows.map((row, index) => {
    const value = row.median[bench.headline] ?? 0;
    const y = top + index * (BAR_HEIGHT + 10);
    const width = Math.max(1, (value / largest) * BAR_WIDTH_MAX);
    const ratio = row.ratioToLimit === null ? "" : ` · ${(row.ratioToLimit * 100).toFixed(0)} %`;
    return [
      `<text class="label" x="${LABEL_WIDTH - 10}" y="${y + 17}" text-anchor="end">${escapeXml(row.contender)}</text>`,
      `<rect class="${row.kind}" x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="3"/>`,
      `<text class="value" x="${LABEL_WIDTH + width + 8}" y="${y + 17}">${figure(value, metric?.digits ?? 0)}${ratio}</text>`,
    ].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 ${height}" font-family="system-ui, sans-serif" font-size="13">
<style>
  .title { font-size: 17px; font-weight: 600 } .title, .label, .value { fill: #1c2430 } .about { fill: #667 ; font-size: 12px }
  .us { fill: #2f6feb } .peer { fill: #9aa4b2 } .limit { fill: #d3a13b } .ground { fill: #ffffff }
  @media (prefers-color-scheme: dark) { .title, .label, .value { fill: #e6e9ef } .about { fill: #99a } .ground { fill: #14181f } .us { fill: #5a93ff } .peer { fill: #6b7585 } }
</style>
<rect class="ground" width="900" height="${height}"/>
<text class="title" x="20" y="30">${escapeXml(bench.summary)}</text>
<text class="about" x="20" y="50">${escapeXml(`${bench.headline.replaceAll("_", " ")} (${metric?.unit ?? ""}), median; percent of the limit`)}</text>
${bars.join("\n")}
<text class="about" x="20" y="${height - 12}">${escapeXml(about)}</text>
</svg>
`;
}

function figure(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
