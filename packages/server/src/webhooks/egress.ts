/** How posts leave the platform and where they may lead, put together as the operator wants it. */
import type { Clock } from "../base/clock.ts";
import { type AddressPolicy, createAddressPolicy } from "./addresses.ts";
import { createHostNames } from "./host-names.ts";
import { createPoster, type Poster } from "./post.ts";
import type { ClientCertificate } from "./tls-contexts.ts";
import type { EgressProxy } from "./tunnel.ts";

export interface Egress {
  readonly addresses: AddressPolicy;
  readonly poster: Poster;
}

/** Named as the operator's options are. */
export interface EgressOptions {
  readonly allow_addresses: readonly string[];
  readonly dns_servers: readonly string[];
  readonly proxy: EgressProxy | null;
}

export interface EgressDeps {
  /** Null: there is no such file. */
  readonly readText: (path: string) => Promise<string | null>;
  readonly clientCertificate: () => ClientCertificate | null;
  readonly clock: Clock;
}

export function createEgress(
  { allow_addresses, dns_servers, proxy }: EgressOptions,
  { readText, clientCertificate, clock }: EgressDeps,
): Egress {
  const addresses = createAddressPolicy(allow_addresses);
  const names = createHostNames({ clock, servers: dns_servers, readText });
  const poster = createPoster({ addresses, names, clock, clientCertificate, proxy });
  return { addresses, poster };
}
