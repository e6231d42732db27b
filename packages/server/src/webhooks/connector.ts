/** Makes connections to receivers, and only to addresses that hooks may reach. */
import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { type AddressPolicy, judgeAddress, literalAddresses, portOf, type Target } from "./addresses.ts";

export interface TlsTerms {
  readonly verifyTls: boolean;
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca: string | null;
}

export interface ConnectorOptions extends TlsTerms {
  readonly addresses: AddressPolicy;
  /** Name, connection and TLS together take at most this long. */
  readonly timeoutMs: number;
}

export class BlockedAddress extends Error {
  readonly code = "BLOCKED_ADDRESS";
}

/** A connector for one origin, since what may be reached depends on scheme and port. */
export function createConnector(origin: URL, options: ConnectorOptions): buildConnector.connector {
  const blockOf = (address: string): string | null => {
    const verdict = judgeAddress(options.addresses, { ...originTarget(origin), address });
    return verdict.kind === "refused" ? verdict.because : null;
  };
  const connect = buildConnector({
    // One request per connection at a time keeps the errors of one delivery apart from those of another.
    allowH2: false,
    timeout: options.timeoutMs,
    rejectUnauthorized: options.verifyTls,
    lookup: createLookup(blockOf),
    autoSelectFamily: true,
    ...(options.ca === null ? {} : { ca: options.ca }),
  });
  const literals = literalAddresses(origin.hostname) ?? [];

  return (target, callback) => {
    // Nothing is looked up where an address stands in the URL.
    const block = literals.length === 1 ? blockOf(literals[0] ?? "") : null;
    if (block !== null) return callback(new BlockedAddress(block), null);
    connect(target, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      // A last look at where the connection leads, whatever made it.
      const reached = blockOf(socket.remoteAddress ?? "");
      if (reached === null) return callback(null, socket);
      socket.destroy();
      callback(new BlockedAddress(reached), null);
    });
  };
}

/** Looks names up and leaves out the addresses that may not be reached. */
function createLookup(blockOf: (address: string) => string | null): LookupFunction {
  return (hostname, options, callback) => {
    const all: LookupOptions & { all: true } = { ...options, all: true };
    lookup(hostname, all, (error, addresses) => {
      if (error !== null) return callback(error, "");
      const open: readonly LookupAddress[] = addresses.filter(({ address }) => blockOf(address) === null);
      const [first] = open;
      if (first === undefined) {
        return callback(new BlockedAddress(blockOf(addresses[0]?.address ?? "") ?? ""), "");
      }
      if (options.all === true) return callback(null, [...open]);
      callback(null, first.address, first.family);
    });
  };
}

function originTarget(origin: URL): Omit<Target, "address"> {
  return { scheme: origin.protocol === "https:" ? "https" : "http", port: portOf(origin) };
}
