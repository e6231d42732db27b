import { Type } from "typebox";
import type { Api } from "../manners.ts";
import { Refusal } from "../problem.ts";
import { answers, closed, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

export const HealthShape = closed({ status: Type.Literal("ok") }, { $id: "Health" });

const RETRY_AFTER_S = 1;
const config = { open: true, resource: "Health" };
const response = answers({ 200: json("It is", refer(HealthShape)) });

export function healthRoutes(api: Api, { ping }: Pick<ProviderDeps, "ping">): void {
  api.get("/healthz", getHealth, async () => ({ status: "ok" }));

  api.get("/readyz", getReadiness, async () => {
    await ping().catch(() => {
      throw new Refusal("unavailable", {
        detail: "The store does not answer.",
        headers: { "Retry-After": String(RETRY_AFTER_S) },
      });
    });
    return { status: "ok" };
  });
}

const getHealth = {
  config,
  schema: {
    operationId: "getHealth",
    summary: "Is the process alive?",
    description: "200 as long as the process answers at all.",
    tags: ["platform"],
    response,
  },
};

const getReadiness = {
  config,
  schema: {
    operationId: "getReadiness",
    summary: "Can the platform take requests?",
    description: "200 when the store answers, else 503. The upstream's health is no part of that.",
    tags: ["platform"],
    response,
  },
};
