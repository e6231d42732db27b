/** A request's way in. */
import { quotaKey } from "../accounts/caller.ts";
import { createIdentify } from "../accounts/identify.ts";
import { keyBytes } from "../config/keys.ts";
import { createGateway } from "../gateway/gateway.ts";
import { createQuotas } from "../gateway/quotas.ts";
import type { Ground } from "./ground.ts";

export type WayIn = ReturnType<typeof createWayIn>;

export function createWayIn(opening: AsyncDisposableStack, ground: Ground) {
  const { options, world, policy, storage, keys, tell } = ground;
  const identify = createIdentify({ store: storage.accounts, clock: world.clock });
  const quotas = createQuotas(policy.rate_limit, quotaKey);
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
