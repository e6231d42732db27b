/** A request's way in. */
import { plansOf } from "@trulinks/limits";
import { quotaKey } from "../accounts/caller.ts";
import { createIdentify } from "../accounts/identify.ts";
import { StartRefused } from "../base/start-refused.ts";
import { formatFlaw } from "../config/flaw.ts";
import { keyBytes } from "../config/keys.ts";
import { startOpenapi } from "../config/openapi-file.ts";
import { createGateway } from "../gateway/gateway.ts";
import { readOpenapi } from "../gateway/openapi-document.ts";
import { readPatterns } from "../gateway/operation-patterns.ts";
import { createRouter, type FindOperation } from "../gateway/operation-router.ts";
import { createQuotas, strayQuota } from "../gateway/quotas.ts";
import type { StandingOf } from "../gateway/standing.ts";
import { createStandings } from "../governance/standings.ts";
import { createKeptAnswers } from "../idempotency/kept-answers.ts";
import type { Ground } from "./ground.ts";

export type WayIn = ReturnType<typeof createWayIn>;

export function createWayIn(opening: AsyncDisposableStack, ground: Ground) {
  const { options, world, policy, storage, keys, keyring, tell } = ground;
  const identify = createIdentify({ store: storage.accounts, clock: world.clock });
  const quotas = createQuotas(policy.current(), quotaKey);
  policy.beforeChange((next) => quotas.limiter.adopt(plansOf(next)));
  const standings = createStandings({ store: storage.standings, ...world });
  const standingOf: StandingOf = (caller, address) => standings.of({ ...caller, address });
  const { url, timeout_ms: timeoutMs } = options.upstream;
  const gateway = createGateway({
    identify,
    quotas,
    upstream: url && { url: url.href, timeoutMs },
    findOperation: operationsOf(ground),
    judgedBytesMax: options.upstream.json_bytes_max,
    validationStatus: () => policy.current().validation.status,
    kept: createKeptAnswers({ idempotency: storage.idempotency, vault: keyring.vault, ...world }),
    standingOf,
    appPath: `${options.public.prefix}/app`,
    identityKey: keyBytes(keys.identity.key),
    trustedProxies: options.trusted_proxies,
    documentation: `${options.public.prefix}/problems`,
    onFact: tell,
    ...world,
  });
  opening.defer(() => gateway.close());
  return { identify, quotas, gateway, standings, standingOf, refreshStandings: standings.refresh };
}

/** Which operations the provider's API has, by its document or else by the options. */
function operationsOf({ options, sources, policy }: Ground): FindOperation {
  const { openapi, operations } = options.upstream;
  const path = openapi === null ? "upstream.operations" : "upstream.openapi";
  const refuse = (message: string): never => {
    throw new StartRefused(formatFlaw({ place: sources[path], path, message }));
  };
  const spent = (
    find: FindOperation,
    spending: readonly { readonly name: string; readonly resource: string | null }[],
  ): FindOperation => {
    const stray = strayQuota(policy.current(), spending);
    if (stray !== null) return refuse(stray);
    policy.beforeChange((next) => {
      const strayThen = strayQuota(next, spending);
      if (strayThen !== null) throw new RangeError(strayThen);
    });
    return find;
  };
  if (openapi !== null) {
    const { routed } = startOpenapi(openapi, sources["upstream.openapi"], readOpenapi);
    return spent(
      createRouter(routed),
      routed.map(({ operation }) => operation),
    );
  }
  const read = readPatterns(operations);
  if (read.kind === "flawed") return refuse(`${path}[${read.index}]: ${read.message}`);
  return spent(
    read.find,
    operations.map(({ method, path, marks }) => ({ name: `${method} ${path}`, resource: marks.resource })),
  );
}
