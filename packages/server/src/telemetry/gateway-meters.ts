/** Counts what the gateway tells. */
import type { Registry } from "prom-client";
import type { RequestFact } from "../gateway/fact.ts";
import { type Add, counter, histogram } from "./instruments.ts";
import { statusClass } from "./status-class.ts";

export function gatewayMeters(registry: Registry): (fact: RequestFact) => void {
  const requests = counter(registry, "trulinks_gateway_requests_total");
  const seconds = histogram(registry, "trulinks_gateway_request_seconds");
  /** By result and class of status: as many as there are errors, and a few more. */
  const bound = new Map<string, Add>();

  return ({ outcome, code, status, durationMs }) => {
    const result = code ?? outcome;
    const labels = { result, status: statusClass(status) };
    const key = `${labels.result} ${labels.status}`;
    const add = bound.get(key) ?? requests(labels);
    bound.set(key, add);
    add();
    seconds(durationMs / 1_000);
  };
}
