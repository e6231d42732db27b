/** Instruments of prom-client, made from the table and bound to a registry of our own: nothing here is global. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { METRICS, type Metric, type MetricName } from "./metrics.ts";

type Named<Kind extends Metric["kind"]> = {
  [Name in MetricName]: (typeof METRICS)[Name]["kind"] extends Kind ? Name : never;
}[MetricName];

export type Labels = Readonly<Record<string, string>>;
export type Add = (count?: number) => void;

/** Bound to its labels, so that counting looks up nothing; stands at 0 from the start, as rates need. */
export function counter(registry: Registry, name: Named<"counter">): (labels?: Labels) => Add {
  const made = new Counter({ ...settings(name), registers: [registry] });
  return (labels = {}) => {
    const bound = made.labels(labels);
    bound.inc(0);
    return (count = 1) => bound.inc(count);
  };
}

/** One that is counted elsewhere, and asked for when somebody scrapes. */
export function countedElsewhere(
  registry: Registry,
  name: Named<"counter">,
  read: () => readonly { readonly labels: Labels; readonly count: number }[],
): void {
  new Counter({
    ...settings(name),
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, count } of read()) this.inc(labels, count);
    },
  });
}

export function histogram(registry: Registry, name: Named<"histogram">): (value: number) => void {
  const made = new Histogram({
    ...settings(name),
    buckets: [...METRICS[name].buckets],
    registers: [registry],
  });
  return (value) => made.observe(value);
}

/** Null: there is nothing to tell now. */
export type Reading = number | null;

/** Asked whenever somebody scrapes, and only then. */
export function gauge(
  registry: Registry,
  name: Named<"gauge">,
  read: () => Reading | Promise<Reading>,
): void {
  new Gauge({
    ...settings(name),
    registers: [registry],
    async collect() {
      const value = await read();
      if (value === null) this.remove();
      else this.set(value);
    },
  });
}

/** One for each combination of labels, asked whenever somebody scrapes. */
export function gauges(
  registry: Registry,
  name: Named<"gauge">,
  read: () => readonly { readonly labels: Labels; readonly value: number }[],
): void {
  new Gauge({
    ...settings(name),
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of read()) this.set(labels, value);
    },
  });
}

/** Says what is so for as long as the process runs. */
export function fact(registry: Registry, name: Named<"gauge">, labels: Labels): void {
  new Gauge({ ...settings(name), registers: [registry] }).set(labels, 1);
}

function settings(name: MetricName): { name: string; help: string; labelNames: string[] } {
  const { what, labels = {} }: Metric = METRICS[name];
  return { name, help: what, labelNames: Object.keys(labels) };
}
