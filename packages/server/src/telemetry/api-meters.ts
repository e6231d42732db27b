/** Counts what the platform's own APIs tell. */
import type { Registry } from "prom-client";
import type { AnsweredFact } from "../api/fact.ts";
import { type Add, counter } from "./instruments.ts";
import { statusClass } from "./status-class.ts";

export function apiMeters(registry: Registry): (fact: AnsweredFact) => void {
  const requests = counter(registry, "trulinks_api_requests_total");
  const bound = new Map<string, Add>();
  return ({ api, status }) => {
    const labels = { api, status: statusClass(status) };
    const key = `${labels.api} ${labels.status}`;
    const add = bound.get(key) ?? requests(labels);
    bound.set(key, add);
    add();
  };
}
