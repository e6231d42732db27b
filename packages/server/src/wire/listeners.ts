/** The two APIs and the gateway, on their two addresses. */
import type { RequestListener } from "node:http";
import { tellingEnds } from "../accounts/telling-ends.ts";
import { buildIntegratorApi } from "../api/integrator/app.ts";
import { PROVIDER_PROBLEMS_PAGE } from "../api/problems-page.ts";
import { buildProviderApi } from "../api/provider/app.ts";
import type { Listener } from "../base/listener.ts";
import { callerAddress, trusting } from "../gateway/client-address.ts";
import { divide } from "../gateway/divide.ts";
import { rateLimitStatus } from "../gateway/rate-limit-status.ts";
import { serveOn } from "../gateway/serve-on.ts";
import { continuing } from "../gateway/server-options.ts";
import { VERSION } from "../version.ts";
import type { Ground } from "./ground.ts";
import type { WayIn } from "./way-in.ts";
import type { WayOut } from "./way-out.ts";

export async function createListeners(
  ground: Ground,
  { hooks, feeds, testEvents, publish, findAnswered, catalogues, replays, erasures, sender }: WayOut,
  { identify, quotas, gateway, standingOf, refreshStandings }: WayIn,
): Promise<{ readonly integrators: Listener; readonly provider: Listener }> {
  const { options, world, policy, storage, space, keyring, keys, tell } = ground;
  const { webhooks, backlog, eventTypes, idempotency, standings } = storage;
  const accounts = tellingEnds(storage.accounts, sender.recall);
  const { vault } = keyring;
  const { isShort: isSpaceShort } = space;
  const stores = { accounts, webhooks, backlog, eventTypes, idempotency, standings };
  const both = {
    ...stores,
    onFact: tell,
    ...{ replays, replayRecords: storage.replays },
    ...{ version: VERSION, policy: policy.current, vault, hooks, feeds, testEvents, catalogues },
    isSpaceShort,
  };
  const providerApi = await buildProviderApi({
    ...both,
    ...world,
    operatorKey: keys.operator.key,
    publish,
    erasures,
    refreshStandings,
    findAnswered,
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
    rateLimitStatus: (caller, address) =>
      rateLimitStatus({ quotas, clock: world.clock, standingOf }, caller, address),
    deliveryAddresses: options.hooks.source_addresses,
    signingKey: keyring.signer?.publicKey ?? null,
  });

  const listener = divide({
    prefix,
    aliases,
    own: continuing(integratorApi.routing),
    rest: gateway.listener,
  });
  return serveBoth(ground, { provider: continuing(providerApi.routing), integrators: listener });
}

function serveBoth(
  { options, world, certificates }: Ground,
  listeners: Readonly<Record<"integrators" | "provider", RequestListener>>,
): { readonly integrators: Listener; readonly provider: Listener } {
  const secured = { tls: certificates.tls, clock: world.clock };
  const provider = serveOn({
    name: "provider",
    address: options.provider.listen,
    listener: listeners.provider,
    documentation: PROVIDER_PROBLEMS_PAGE,
    ...secured,
  });
  const integrators = serveOn({
    name: "public",
    address: options.public.listen,
    listener: listeners.integrators,
    documentation: `${options.public.prefix}/problems`,
    ...secured,
  });
  return { integrators, provider };
}
