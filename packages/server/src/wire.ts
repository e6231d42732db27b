/** The composition root: the only file that knows everyone. Opens what is needed, in order, and hands each its own. */
import type { Policy } from "@trulinks/protocol";
import { quotaKey } from "./accounts/caller.ts";
import { createIdentify } from "./accounts/identify.ts";
import { tellingEnds } from "./accounts/telling-ends.ts";
import { buildIntegratorApi } from "./api/integrator/app.ts";
import { PROVIDER_PROBLEMS_PAGE } from "./api/problems-page.ts";
import { buildProviderApi } from "./api/provider/app.ts";
import { bytesLeftAt, type FreeSpace, watchFreeSpace } from "./base/free-space.ts";
import { createLifecycle } from "./base/lifecycle.ts";
import type { Listener } from "./base/listener.ts";
import { telling } from "./base/telling.ts";
import type { World } from "./base/world.ts";
import { openDataFolder } from "./config/data-folder.ts";
import { type Keys, keyBytes, loadKeys } from "./config/keys.ts";
import type { Options } from "./config/options.ts";
import { otlpOf } from "./config/otlp.ts";
import { startPolicy } from "./config/policy.ts";
import type { Sources } from "./config/rules.ts";
import { readTextIfThere } from "./config/text-reader.ts";
import { startTls, type Tls } from "./config/tls.ts";
import { callerAddress, trusting } from "./gateway/client-address.ts";
import { divide } from "./gateway/divide.ts";
import { createGateway } from "./gateway/gateway.ts";
import { memoryLedgers, type Quotas } from "./gateway/quotas.ts";
import { rateLimitStatus } from "./gateway/rate-limit-status.ts";
import { serveOn } from "./gateway/serve-on.ts";
import { continuing } from "./gateway/server-options.ts";
import { openSecrets, type Secrets } from "./secrets/open.ts";
import { remembering } from "./secrets/vault.ts";
import { openStorage } from "./storage/open.ts";
import type { Storage } from "./storage/storage.ts";
import type { MeteredFact } from "./telemetry/meters.ts";
import { openTelemetry, type Telemetry } from "./telemetry/open.ts";
import { VERSION } from "./version.ts";
import { createAddressPolicy } from "./webhooks/addresses.ts";
import { createCatalogues } from "./webhooks/catalogue.ts";
import { createHooks } from "./webhooks/hooks.ts";
import { createHostNames } from "./webhooks/host-names.ts";
import { createPoster } from "./webhooks/post.ts";
import { createPublish } from "./webhooks/publish.ts";
import { createSender } from "./webhooks/sender.ts";
import { createSweeper, sweepOfEvents } from "./webhooks/sweeper.ts";
import { tellingPublished } from "./webhooks/telling-published.ts";

/** The platform, up and answering. */
export interface Platform {
  readonly publicUrl: string;
  readonly providerUrl: string;
  readonly keys: Keys;
  /** Takes nothing new, finishes what is under way, and closes everything, last first. */
  stop(): Promise<void>;
}

/** Starts everything or, if something fails, nothing: what was opened by then is closed again. */
export async function wire(options: Options, sources: Sources, world: World): Promise<Platform> {
  await using opening = new AsyncDisposableStack();
  const ground = await openGround(opening, options, sources, world);
  const wayOut = createWayOut(opening, ground);
  const wayIn = createWayIn(opening, ground);
  const listeners = await createListeners(ground, wayOut, wayIn);

  const lifecycle = createLifecycle(world.log);
  const tls = ground.tls ? [ground.tls.part] : [];
  const { integrators, provider } = listeners;
  await lifecycle.start([...tls, ground.space, wayOut.sweeper, wayOut.sender, integrators, provider]);
  const opened = opening.move();
  const [publicUrl, providerUrl] = [integrators.url(), provider.url()];
  world.log.info("platform.started", { public: publicUrl, provider: providerUrl, version: VERSION });
  return {
    publicUrl,
    providerUrl,
    keys: ground.keys,
    async stop() {
      await lifecycle.stop();
      await opened.disposeAsync();
      world.log.info("platform.stopped");
    },
  };
}

/** What both flows stand on. */
interface Ground {
  readonly options: Options;
  readonly world: World;
  readonly keys: Keys;
  readonly policy: Policy;
  readonly tls: Tls | null;
  readonly storage: Storage;
  readonly space: FreeSpace;
  readonly keyring: Secrets;
  readonly telemetry: Telemetry;
  /** To everyone who listens. */
  readonly tell: (fact: MeteredFact) => void;
}

async function openGround(
  opening: AsyncDisposableStack,
  options: Options,
  sources: Sources,
  world: World,
): Promise<Ground> {
  const { clock, dice } = world;
  const policy = startPolicy(options, sources);
  const tls = startTls(options, sources, world);
  const telemetry = await openTelemetry({ otlp: otlpOf(options), version: VERSION, ...world });
  opening.defer(() => telemetry.close());
  const tell = telling([telemetry.meters.onFact], world.log);
  const folder = await openDataFolder(options.data, clock);
  opening.defer(() => folder.release());
  const keys = loadKeys({ options, folder: folder.path, dice });
  const databaseUrl = options.database.url?.reveal() ?? null;
  const storage = await openStorage({ dataFolder: folder.path, databaseUrl, onFact: tell, ...world });
  opening.defer(() => storage.close());
  // Another machine's disk tells nothing here: with PostgreSQL only keys lie in the folder.
  const bytesMin = databaseUrl === null ? options.storage.free_bytes_min : 0;
  const space = watchFreeSpace({ folder: folder.path, bytesMin, bytesLeft: bytesLeftAt, ...world });
  const keyring = await openSecrets(storage.secrets, keys.secret, dice);
  return { options, world, keys, policy, tls, storage, space, keyring, telemetry, tell };
}

// Some 200 bytes each.
const OPENED_SECRETS_MAX = 20_000;

/** An event's way out. */
type WayOut = ReturnType<typeof createWayOut>;

function createWayOut(opening: AsyncDisposableStack, ground: Ground) {
  const { options, world, policy, storage, tell } = ground;
  const { meters, tracing } = ground.telemetry;
  const addresses = createAddressPolicy(options.hooks.allow_addresses);
  const names = createHostNames({ clock: world.clock, servers: [], readText: readTextIfThere });
  const poster = createPoster({ addresses, names, clock: world.clock });
  opening.defer(() => poster.close());
  const keyring = { ...ground.keyring, vault: remembering(ground.keyring.vault, OPENED_SECRETS_MAX) };
  const webhooks = { store: storage.webhooks, keyring, policy: () => policy.webhooks, ...world };
  const sender = createSender({
    ...webhooks,
    post: poster.post,
    inFlightMax: options.hooks.in_flight_max,
    onFact: tell,
    traceAttempt: tracing?.traceAttempt,
  });
  meters.watch({
    inFlightMax: options.hooks.in_flight_max,
    senderLoad: sender.load,
    storageLoad: storage.load,
    nextDueMs: () => storage.webhooks.findNextDueMs([]),
  });
  const sweeper = createSweeper({
    sweeps: [
      sweepOfEvents(storage.webhooks, () => policy.webhooks),
      { name: "idempotency keys", sweep: (nowMs, countMax) => storage.idempotency.sweep(nowMs, countMax) },
    ],
    onFact: tell,
    ...world,
  });
  const publish = createPublish({ store: storage.webhooks, intake: sender, ...world });
  return {
    sender,
    sweeper,
    catalogues: createCatalogues({ store: storage.eventTypes, clock: world.clock }),
    hooks: createHooks({ ...webhooks, addresses, wake: sender.wake, recall: sender.recall }),
    publish: tellingPublished(tracing?.tracePublish(publish) ?? publish, { ...world, onFact: tell }),
  };
}

/** A request's way in. */
type WayIn = ReturnType<typeof createWayIn>;

function createWayIn(opening: AsyncDisposableStack, ground: Ground) {
  const { options, world, policy, storage, keys, tell } = ground;
  const identify = createIdentify({ store: storage.accounts, clock: world.clock });
  const quotas: Quotas = {
    rateLimit: () => policy.rate_limit,
    ledgers: memoryLedgers(),
    keyOf: quotaKey,
  };
  const { url, timeout_ms: timeoutMs } = options.upstream;
  const gateway = createGateway({
    identify,
    quotas,
    upstream: url && { url: url.href, timeoutMs },
    identityKey: keyBytes(keys.identity.key),
    trustedProxies: options.trusted_proxies,
    documentation: `${options.public.prefix}/problems`,
    onFact: tell,
    ...world,
  });
  opening.defer(() => gateway.close());
  return { identify, quotas, gateway };
}

async function createListeners(
  ground: Ground,
  { hooks, publish, catalogues, sender }: WayOut,
  { identify, quotas, gateway }: WayIn,
): Promise<{ readonly integrators: Listener; readonly provider: Listener }> {
  const { options, world, policy, tls, storage, space, keyring, keys } = ground;
  const { webhooks, eventTypes, idempotency } = storage;
  const accounts = tellingEnds(storage.accounts, sender.recall);
  const { vault } = keyring;
  const { isShort: isSpaceShort } = space;
  const stores = { accounts, webhooks, eventTypes, idempotency };
  const both = {
    ...stores,
    ...{ version: VERSION, vault, hooks, catalogues, isSpaceShort, policy: () => policy },
  };
  const providerApi = await buildProviderApi({
    ...both,
    ...world,
    operatorKey: keys.operator.key,
    publish,
    ping: () => storage.ping(),
    metrics: ground.telemetry.meters.expose,
    traceRequest: ground.telemetry.tracing?.traceRequest,
  });
  const isTrusted = trusting(options.trusted_proxies);
  const { prefix, aliases } = options.public;
  const integratorApi = await buildIntegratorApi({
    ...both,
    ...world,
    prefix,
    aliases,
    identify,
    clientAddress: (request) => callerAddress(request, isTrusted),
    rateLimitStatus: (caller) => rateLimitStatus({ quotas, clock: world.clock }, caller),
    deliveryAddresses: null,
  });

  const secured = { tls, clock: world.clock };
  const provider = serveOn({
    name: "provider",
    address: options.provider.listen,
    listener: continuing(providerApi.routing),
    documentation: PROVIDER_PROBLEMS_PAGE,
    ...secured,
  });
  const integrators = serveOn({
    name: "public",
    address: options.public.listen,
    listener: divide({ prefix, aliases, own: continuing(integratorApi.routing), rest: gateway.listener }),
    documentation: `${prefix}/problems`,
    ...secured,
  });
  return { integrators, provider };
}
