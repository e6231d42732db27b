/** Makes connections to receivers, and only to addresses that hooks may reach. */
import type { LookupAddress } from "node:dns";
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, type TLSSocket } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { type AddressPolicy, judgeAddress } from "./addresses.ts";
import type { HostNames } from "./host-names.ts";
import { opened, openTcp } from "./open-tcp.ts";
import { type EgressProxy, openTunnel } from "./tunnel.ts";

/** Where a connection leads, and what must hold of it. */
export interface Receiver {
  readonly scheme: "http" | "https";
  /** A name or an address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  readonly verifyTls: boolean;
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca: string | null;
}

/** How long it took to get there, in milliseconds; null for what was not needed. */
/** Milliseconds of each stage; null for what was not needed (an address has no name) or not reached. */
export interface ConnectTimings {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
}

export interface Connected {
  readonly socket: Socket;
  readonly timings: ConnectTimings;
  /** When the receiver's certificate ends, in milliseconds since 1970; infinite where none is verified. */
  readonly validUntilMs: number;
}

export interface ConnectorDeps {
  readonly addresses: AddressPolicy;
  readonly names: HostNames;
  readonly clock: Pick<Clock, "monotonic">;
  /** The certificates to trust and the one to show, for receivers with this `ca`. */
  readonly tlsContext: (ca: string | null) => SecureContext;
  /** Null: straight to the receiver. */
  readonly proxy: EgressProxy | null;
}

export class BlockedAddress extends Error {
  readonly code = "BLOCKED_ADDRESS";
}

/** Ends what it has begun when the signal is aborted; has no deadline of its own. */
export type Connect = (
  receiver: Receiver,
  signal: AbortSignal,
  /** First when the name was found, then when the receiver is reached: what each took is known even if the rest fails. */
  onStage: (timings: ConnectTimings) => void,
) => Promise<Connected>;

export function createConnect(deps: ConnectorDeps): Connect {
  return async (receiver, signal, onStage) => {
    const watch = createStopwatch(deps.clock);
    const blockOf = (address: string) => blockFor(deps.addresses, receiver, address);
    const addresses = await findOpenAddresses(deps.names, receiver.host, blockOf);
    const dnsMs = isIP(receiver.host) === 0 ? watch.lap() : null;
    onStage({ dnsMs, connectMs: null, tlsMs: null });
    signal.throwIfAborted();
    const tcp =
      deps.proxy === null
        ? await openDirect(receiver, addresses, blockOf, signal)
        : await openTunnel(
            { proxy: deps.proxy, names: deps.names },
            { addresses, port: receiver.port },
            signal,
          );
    const connectMs = watch.lap();
    if (receiver.scheme === "http") {
      const timings = { dnsMs, connectMs, tlsMs: null };
      return { socket: tcp, timings, validUntilMs: Number.POSITIVE_INFINITY };
    }
    onStage({ dnsMs, connectMs, tlsMs: null });
    const socket = await secure(tcp, receiver, deps.tlsContext(receiver.ca), signal);
    const timings = { dnsMs, connectMs, tlsMs: watch.lap() };
    return { socket, timings, validUntilMs: receiver.verifyTls ? endOf(socket) : Number.POSITIVE_INFINITY };
  };
}

async function findOpenAddresses(
  names: HostNames,
  host: string,
  blockOf: (address: string) => string | null,
): Promise<readonly LookupAddress[]> {
  const addresses = await names.find(host);
  const open = addresses.filter(({ address }) => blockOf(address) === null);
  if (open.length > 0) return open;
  throw new BlockedAddress(blockOf(addresses[0]?.address ?? "") ?? "There is no address.");
}

/** Straight to the receiver, with a last look at where that leads before anything is said there. */
async function openDirect(
  { host, port }: Receiver,
  addresses: readonly LookupAddress[],
  blockOf: (address: string) => string | null,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = await openTcp({ host, port, addresses }, signal);
  const block = blockOf(socket.remoteAddress ?? "");
  if (block === null) return socket;
  socket.destroy();
  throw new BlockedAddress(block);
}

async function secure(
  socket: Socket,
  { host, verifyTls }: Receiver,
  secureContext: SecureContext,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const secured = connectTls({
    socket,
    secureContext,
    rejectUnauthorized: verifyTls,
    // The name to verify; and the one to ask for, which an address cannot be (RFC 6066, section 3).
    host: host.replace(/\.$/, ""),
    servername: isIP(host) === 0 ? host.replace(/\.$/, "") : "",
    // One request per connection at a time keeps the errors of one delivery apart from those of another.
    ALPNProtocols: ["http/1.1"],
  });
  await opened(secured, "secureConnect", signal);
  return secured;
}

function blockFor(policy: AddressPolicy, { scheme, port }: Receiver, address: string): string | null {
  const verdict = judgeAddress(policy, { scheme, port, address });
  return verdict.kind === "refused" ? verdict.because : null;
}

function endOf(socket: TLSSocket): number {
  return socket.getPeerX509Certificate()?.validToDate.getTime() ?? Number.POSITIVE_INFINITY;
}

function createStopwatch(clock: Pick<Clock, "monotonic">): { lap(): number } {
  let sinceMs = clock.monotonic();
  return {
    lap() {
      const beganMs = sinceMs;
      sinceMs = clock.monotonic();
      return sinceMs - beganMs;
    },
  };
}
