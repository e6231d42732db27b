/** What waits in the store, and for how long; the same from every process that shares it. */
import type { Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { AskSurvey } from "../webhooks/backlog-survey.ts";
import { gauge, gauges, type Readings } from "./instruments.ts";

export function backlogGauges(
  registry: Registry,
  { clock, askSurvey }: { readonly clock: Pick<Clock, "now">; readonly askSurvey: AskSurvey },
): void {
  gauges(registry, "trulinks_deliveries_waiting", async () =>
    labelled("because", (await askSurvey())?.because ?? {}),
  );
  gauge(registry, "trulinks_deliveries_waiting_bytes", async () => (await askSurvey())?.bytes ?? null);
  gauge(registry, "trulinks_oldest_waiting_seconds", async () => {
    const survey = await askSurvey();
    if (survey === null) return null;
    return survey.oldestAtMs === null ? 0 : Math.max(0, clock.now() - survey.oldestAtMs) / 1_000;
  });
  gauges(registry, "trulinks_hooks", async () => labelled("state", (await askSurvey())?.hooks ?? {}));
}

function labelled(label: string, values: Readonly<Record<string, number>>): Readings {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
