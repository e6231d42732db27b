/** Every contract on this engine. */
import { after } from "node:test";
import { accountStoreContract } from "../../accounts/store.contract.ts";
import { standingStoreContract } from "../../governance/standing-store.contract.ts";
import { idempotencyStoreContract } from "../../idempotency/idempotency-store.contract.ts";
import { secretStoreContract } from "../../secrets/store.contract.ts";
import { backlogStoreContract } from "../../webhooks/backlog-store.contract.ts";
import { LEASE_MARGIN_MS } from "../../webhooks/delivery.ts";
import { eventTypeStoreContract } from "../../webhooks/event-type-store.contract.ts";
import { feedStoreContract } from "../../webhooks/feed-store.contract.ts";
import { healthStoreContract } from "../../webhooks/health-store.contract.ts";
import { ACK_DEADLINE_MS_MAX } from "../../webhooks/hook.ts";
import { recordStoreContract } from "../../webhooks/record-store.contract.ts";
import { replayStoreContract } from "../../webhooks/replay-store.contract.ts";
import { webhookStoreContract } from "../../webhooks/store.contract.ts";
import { durabilityContract } from "../durability.contract.ts";
import { openEmptied } from "./open.contract.ts";

const { open, createDatabase, stop } = await openEmptied();
after(stop);

accountStoreContract("PostgreSQL", open);
webhookStoreContract("PostgreSQL", open);
backlogStoreContract("PostgreSQL", open);
replayStoreContract("PostgreSQL", open);
healthStoreContract("PostgreSQL", open);
eventTypeStoreContract("PostgreSQL", open);
feedStoreContract("PostgreSQL", open);
recordStoreContract("PostgreSQL", open);
secretStoreContract("PostgreSQL", open);
idempotencyStoreContract("PostgreSQL", open);
standingStoreContract("PostgreSQL", open);

durabilityContract("PostgreSQL", {
  module: import.meta.resolve("./open.contract.ts"),
  // Nobody can free the leases of a process that died: other nodes may be alive.
  leasesEndAfterMs: ACK_DEADLINE_MS_MAX + LEASE_MARGIN_MS,
  place: async () => ({ argument: await createDatabase(), remove: async () => {} }),
});
