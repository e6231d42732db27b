import type { Dice } from "../../base/dice.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { createClaiming } from "./claim.ts";
import type { Database } from "./database.ts";
import { createDeliveries } from "./deliveries.ts";
import { createHookSecrets } from "./hook-secrets.ts";
import { createHooks } from "./hooks.ts";
import { ingest } from "./ingest.ts";
import { settle } from "./settle.ts";
import { sweep } from "./sweep.ts";
import type { Sync } from "./verbs.ts";

export function createWebhooks(database: Database, dice: Dice): Sync<WebhookStore> {
  return {
    ...createClaiming(database),
    ...createHooks(database),
    ...createHookSecrets(database),
    ...createDeliveries(database),
    ingest: (events, claim) => ingest({ database, dice }, events, claim),
    settle: (settlement) => settle(database, settlement),
    releaseHeld: later,
    expire: later,
    trim: later,
    sweep: (request) => sweep(database, request),
  };
}

function later(): never {
  throw new Error("still to come");
}
