/** Reads the text format of Prometheus as strictly as its own parser does. */
import assert from "node:assert/strict";

export interface Scrape {
  /** Names as they stand in `# TYPE`, with their kinds. */
  readonly kinds: ReadonlyMap<string, string>;
  /** Each series with its value, written as it is exposed: `name{label="value"}`. */
  readonly series: ReadonlyMap<string, number>;
  /** The value of a series; 0 if there is none, as a counter that was never touched has none. */
  valueOf(series: string): number;
}

// Prometheus takes `Nan` for NaN, and prom-client writes it so.
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^}]*\})?) (Nan|[+-]?Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$/;

export function readScrape(text: string): Scrape {
  const kinds = new Map<string, string>();
  const series = new Map<string, number>();
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "TYPE") kinds.set(name, rest);
    if (kind !== undefined) continue;
    const [, key = "", value = ""] = SAMPLE.exec(line) ?? assert.fail(`No sample: ${line}`);
    assert.ok(!series.has(key), `twice: ${key}`);
    series.set(key, Number(value.replace(/^([+-]?)Inf$/, "$1Infinity")));
  }
  return { kinds, series, valueOf: (key) => series.get(key) ?? 0 };
}
