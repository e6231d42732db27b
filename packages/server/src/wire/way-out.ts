/** An event's way out. */
import { readTextIfThere } from "../config/text-reader.ts";
import { remembering } from "../secrets/vault.ts";
import { createFindAnswered } from "../webhooks/answered-before.ts";
import { createAskSurvey } from "../webhooks/backlog-survey.ts";
import { createCatalogues } from "../webhooks/catalogue.ts";
import { createEgress } from "../webhooks/egress.ts";
import { createErasures } from "../webhooks/erasures.ts";
import { createHooks } from "../webhooks/hooks.ts";
import { createPublish } from "../webhooks/publish.ts";
import { createReplaying } from "../webhooks/replaying.ts";
import { createSending } from "../webhooks/sending.ts";
import { tellingPublished } from "../webhooks/telling-published.ts";
import { createFeeding } from "./feeding.ts";
import type { Ground } from "./ground.ts";
import { createSweeping } from "./sweeping.ts";
import { createTesting } from "./testing.ts";

export type WayOut = ReturnType<typeof createWayOut>;

export function createWayOut(opening: AsyncDisposableStack, ground: Ground) {
  const { options, world, policy, storage, tell } = ground;
  const { meters, tracing } = ground.telemetry;
  const leaving = { ...ground.certificates, readText: readTextIfThere, ...world };
  const { addresses, poster } = createEgress(options.hooks, leaving);
  opening.defer(() => poster.close());
  const keyring = { ...ground.keyring, vault: remembering(ground.keyring.vault) };
  const webhooks = {
    store: storage.webhooks,
    health: storage.health,
    keyring,
    policy: () => policy.current().webhooks,
    ...world,
  };
  const { sender, keeper, healthKeeper, wake } = createSending({
    ...webhooks,
    post: poster.post,
    inFlightMax: options.hooks.in_flight_max,
    onFact: tell,
    traceAttempt: tracing?.traceAttempt,
  });
  meters.watch({
    inFlightMax: options.hooks.in_flight_max,
    senderLoad: sender.load,
    connections: poster.connections,
    storageLoad: storage.load,
    askSurvey: createAskSurvey({ store: storage.backlog, clock: world.clock }),
    nextDueMs: () => storage.webhooks.findNextDueMs([]),
  });
  const changed = () => {
    sender.recall();
    wake();
  };
  const catalogues = createCatalogues({ store: storage.eventTypes, clock: world.clock });
  const feeding = createFeeding(ground, { keyring, catalogues, wake: sender.wake });
  const due = () => {
    sender.wake();
    feeding.waiting.lookSoon();
  };
  const onStored = feeding.waiting.told;
  const publish = createPublish({ store: storage.webhooks, intake: sender, onStored, ...world });
  return {
    sender,
    sweeper: createSweeping(ground),
    keeper,
    healthKeeper,
    ...createReplaying({ store: storage.replays, wakeSender: sender.wake, ...world }),
    erasures: createErasures({ store: storage.record, recall: sender.recall, ...world }),
    others: storage.listen?.({ due, changed }) ?? null,
    catalogues,
    ...feeding,
    testEvents: createTesting(ground, { catalogues, wake }),
    hooks: createHooks({ ...webhooks, addresses, wake, recall: sender.recall, onFact: tell }),
    findAnswered: createFindAnswered({ store: storage.webhooks, ...world }),
    publish: tellingPublished(tracing?.tracePublish(publish) ?? publish, { ...world, onFact: tell }),
  };
}
