import type { WebhookStore } from "../../webhooks/store.ts";
import { createBounds } from "./bounds.ts";
import { createClaiming } from "./claim.ts";
import { bringBack } from "./clock.ts";
import { createDeliveries } from "./deliveries.ts";
import { releaseHeld } from "./hold.ts";
import { createHookSecrets } from "./hook-secrets.ts";
import { createHooks } from "./hooks.ts";
import { ingest } from "./ingest.ts";
import type { Ground } from "./memory.ts";
import { settle } from "./settle.ts";
import { sweep } from "./sweep.ts";
import type { Sync } from "./verbs.ts";

export function createWebhooks(ground: Ground): Sync<WebhookStore> {
  return {
    ...createClaiming(ground),
    ...createHooks(ground),
    ...createHookSecrets(ground),
    ...createDeliveries(ground),
    ...createBounds(ground),
    ingest: (events, claim) => ingest(ground, events, claim),
    settle: (settlement, exchange?: string | null) => settle(ground, settlement, exchange),
    bringBack: (nowMs) => bringBack(ground, nowMs),
    releaseHeld: (nowMs, countMax) => releaseHeld(ground, nowMs, countMax),
    sweep: (request) => sweep(ground, request),
  };
}
