import type { Api } from "../manners.ts";
import { answers, text } from "../schemas.ts";

export interface MetricsDeps {
  /** Everything that is counted, in the text format of Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export function metricsRoute(api: Api, { metrics }: MetricsDeps): void {
  api.get("/metrics", getMetrics, async (_request, reply) => {
    const { contentType, text } = await metrics();
    return reply.type(contentType).send(text);
  });
}

const getMetrics = {
  config: { resource: "Metrics" },
  schema: {
    operationId: "getMetrics",
    summary: "What this process has counted",
    description: "For Prometheus, in its text format. Each process tells only of itself.",
    tags: ["platform"],
    response: answers({ 200: text("The metrics") }),
  },
};
