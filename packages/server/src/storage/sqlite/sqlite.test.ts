/** Every contract on this engine: in its thread as it runs, and in process as simulations use it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountStoreContract } from "../../accounts/store.contract.ts";
import { standingStoreContract } from "../../governance/standing-store.contract.ts";
import { idempotencyStoreContract } from "../../idempotency/idempotency-store.contract.ts";
import { secretStoreContract } from "../../secrets/store.contract.ts";
import { backlogStoreContract } from "../../webhooks/backlog-store.contract.ts";
import { eventTypeStoreContract } from "../../webhooks/event-type-store.contract.ts";
import { feedStoreContract } from "../../webhooks/feed-store.contract.ts";
import { healthStoreContract } from "../../webhooks/health-store.contract.ts";
import { recordStoreContract } from "../../webhooks/record-store.contract.ts";
import { replayStoreContract } from "../../webhooks/replay-store.contract.ts";
import { webhookStoreContract } from "../../webhooks/store.contract.ts";
import { durabilityContract } from "../durability.contract.ts";
import { openInFolder, openInProcess } from "./open.contract.ts";

for (const [name, open] of [
  ["SQLite", openInFolder],
  ["SQLite in process", openInProcess],
] as const) {
  accountStoreContract(name, open);
  webhookStoreContract(name, open);
  backlogStoreContract(name, open);
  replayStoreContract(name, open);
  healthStoreContract(name, open);
  eventTypeStoreContract(name, open);
  feedStoreContract(name, open);
  recordStoreContract(name, open);
  secretStoreContract(name, open);
  idempotencyStoreContract(name, open);
  standingStoreContract(name, open);
}

durabilityContract("SQLite", {
  module: import.meta.resolve("./open.contract.ts"),
  leasesEndAfterMs: 0,
  async place() {
    const folder = await mkdtemp(join(tmpdir(), "trulinks-"));
    return { argument: join(folder, "trulinks.db"), remove: () => rm(folder, { recursive: true }) };
  },
});
