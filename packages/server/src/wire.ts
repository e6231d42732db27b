/** The composition root: the only file that knows everyone. Opens what is needed, in order, and hands each its own. */
import type { IncomingMessage, RequestListener } from "node:http";
import type { Policy } from "@trulinks/protocol";
import { quotaKey } from "./accounts/caller.ts";
import { createIdentify } from "./accounts/identify.ts";
import { buildIntegratorApi } from "./api/integrator/app.ts";
import { buildProviderApi } from "./api/provider/app.ts";
import type { Clock } from "./base/clock.ts";
import type { Dice } from "./base/dice.ts";
import { createLifecycle } from "./base/lifecycle.ts";
import { createListener } from "./base/listener.ts";
import type { Log } from "./base/log.ts";
import { StartRefused } from "./base/start-refused.ts";
import { certificateFiles } from "./config/certificate.ts";
import { openDataFolder } from "./config/data-folder.ts";
import { formatFlaw } from "./config/flaw.ts";
import { type Keys, keyBytes, loadKeys } from "./config/keys.ts";
import type { Options } from "./config/options.ts";
import { loadPolicy } from "./config/policy.ts";
import type { Sources } from "./config/rules.ts";
import { readText } from "./config/text-reader.ts";
import { openTls, type Tls } from "./config/tls.ts";
import { clientAddress, trusting } from "./gateway/client-address.ts";
import { createGateway } from "./gateway/gateway.ts";
import { memoryLedgers, type Quotas } from "./gateway/quotas.ts";
import { rateLimitStatus } from "./gateway/rate-limit-status.ts";
import { SERVER_OPTIONS, serveWith } from "./gateway/server-options.ts";
import { openSecrets } from "./secrets/open.ts";
import { openStorage } from "./storage/open.ts";
import { VERSION } from "./version.ts";
import { createAddressPolicy } from "./webhooks/addresses.ts";
import { createHooks } from "./webhooks/hooks.ts";
import { createPoster } from "./webhooks/post.ts";
import { createPublish } from "./webhooks/publish.ts";
import { createSender } from "./webhooks/sender.ts";
import { createSweeper, sweepOfEvents } from "./webhooks/sweeper.ts";

export interface World {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
}

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
  const { clock, dice, log } = world;
  await using opening = new AsyncDisposableStack();
  const folder = await openDataFolder(options.data, clock);
  opening.defer(() => folder.release());
  const keys = loadKeys({ options, folder: folder.path, dice });
  const policy = readPolicy(options, sources);
  const tls = readTls(options, sources, world);
  const databaseUrl = options.database.url?.reveal() ?? null;
  const storage = await openStorage({ dataFolder: folder.path, databaseUrl, ...world });
  opening.defer(() => storage.close());
  const keyring = await openSecrets(storage.secrets, keys.secret, dice);

  const addresses = createAddressPolicy(options.hooks.allow_addresses);
  const poster = createPoster({ addresses, clock });
  opening.defer(() => poster.close());
  const webhooks = { store: storage.webhooks, keyring, policy: () => policy.webhooks, ...world };
  const sender = createSender({
    ...webhooks,
    post: poster.post,
    inFlightMax: options.hooks.in_flight_max,
  });
  const hooks = createHooks({ ...webhooks, addresses, wake: () => sender.wake() });
  const publish = createPublish({ store: storage.webhooks, intake: sender, ...world });
  const sweeper = createSweeper({
    sweeps: [
      sweepOfEvents(storage.webhooks, () => policy.webhooks),
      { name: "idempotency keys", sweep: (nowMs, countMax) => storage.idempotency.sweep(nowMs, countMax) },
    ],
    ...world,
  });

  const identify = createIdentify({ store: storage.accounts, clock });
  const quotas: Quotas = {
    rateLimit: () => policy.rate_limit,
    ledgers: memoryLedgers(),
    keyOf: quotaKey,
  };
  const { prefix, aliases } = options.public;
  const gateway = createGateway({
    identify,
    quotas,
    upstream: options.upstream.url && {
      url: options.upstream.url.href,
      timeoutMs: options.upstream.timeout_ms,
    },
    identityKey: keyBytes(keys.identity.key),
    trustedProxies: options.trusted_proxies,
    documentation: `${prefix}/problems`,
    ...world,
  });
  opening.defer(() => gateway.close());

  const isTrusted = trusting(options.trusted_proxies);
  const shared = {
    version: VERSION,
    accounts: storage.accounts,
    webhooks: storage.webhooks,
    idempotency: storage.idempotency,
    vault: keyring.vault,
    hooks,
    policy: () => policy,
    ...world,
  };
  const providerApi = await buildProviderApi({
    ...shared,
    operatorKey: keys.operator.key,
    publish,
    ping: () => storage.ping(),
  });
  const integratorApi = await buildIntegratorApi({
    ...shared,
    prefix,
    aliases,
    identify,
    clientAddress: ({ socket, headers }: IncomingMessage) =>
      clientAddress(
        { peer: socket.remoteAddress, forwardedFor: headers["x-forwarded-for"]?.toString() },
        isTrusted,
      ),
    rateLimitStatus: (caller) => rateLimitStatus({ quotas, clock }, caller),
    deliveryAddresses: null,
  });

  const listen = { tls: tls?.context() ?? null, server: SERVER_OPTIONS, clock };
  const provider = createListener({ name: "provider", address: options.provider.listen, ...listen });
  provider.server.on("request", providerApi.routing);
  const integrators = createListener({ name: "public", address: options.public.listen, ...listen });
  serveWith(integrators.server, divide(prefix, aliases, integratorApi.routing, gateway.listener));
  for (const { server } of [provider, integrators]) {
    if ("setSecureContext" in server) tls?.keepCurrent(server as Parameters<Tls["keepCurrent"]>[0]);
  }

  const lifecycle = createLifecycle(log);
  await lifecycle.start([...(tls ? [tls.part] : []), sweeper, sender, integrators, provider]);
  const opened = opening.move();
  log.info("platform.started", { public: integrators.url(), provider: provider.url(), version: VERSION });
  return {
    publicUrl: integrators.url(),
    providerUrl: provider.url(),
    keys,
    async stop() {
      await lifecycle.stop();
      await opened.disposeAsync();
      log.info("platform.stopped");
    },
  };
}

function readPolicy(options: Options, sources: Sources): Policy {
  const loaded = loadPolicy(options.policy, sources.policy, readText);
  if (loaded.kind === "flawed") throw new StartRefused(loaded.flaws.map(formatFlaw).join("\n"));
  return loaded.policy;
}

function readTls(options: Options, sources: Sources, { clock, log }: World): Tls | null {
  const files = certificateFiles(options);
  return files && openTls({ files, sources, readText, clock, log });
}

/** The public listener has two owners: the platform's own paths, and everything else, which is the provider's API. */
function divide(
  prefix: string,
  aliases: boolean,
  integratorApi: RequestListener,
  gateway: RequestListener,
): RequestListener {
  const own = aliases ? [prefix, "/rate_limit", "/meta"] : [prefix];
  return (request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    if (!own.includes(path) && !path.startsWith(`${prefix}/`)) return gateway(request, response);
    // The gateway says this itself when it wants the body.
    if (request.headers.expect === "100-continue") response.writeContinue();
    integratorApi(request, response);
  };
}
