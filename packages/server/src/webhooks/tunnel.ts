/** The way through an egress proxy: a tunnel (RFC 9110, section 9.3.6) to an address that we have found and judged. */
import type { LookupAddress } from "node:dns";
import type { Socket } from "node:net";
import { Client } from "undici";
import type { Secret } from "../base/secret.ts";
import type { HostNames } from "./host-names.ts";
import { openTcp } from "./open-tcp.ts";

export interface EgressProxy {
  /** A name or an address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`; null: it asks for none. */
  readonly authorization: Secret | null;
}

export interface TunnelEnd {
  /** Tried in this order. */
  readonly addresses: readonly LookupAddress[];
  readonly port: number;
}

/** The proxy was not reached, or did not make the tunnel: no fault of the receiver's that we could tell. */
export class ProxyFailed extends Error {
  readonly code = "PROXY_FAILED";
}

// A proxy says no more than "no" about an address that leads nowhere, so another one may still be good.
const ADDRESSES_TRIED_MAX = 4;

export async function openTunnel(
  { proxy, names }: { readonly proxy: EgressProxy; readonly names: HostNames },
  { addresses, port }: TunnelEnd,
  signal: AbortSignal,
): Promise<Socket> {
  let failure: unknown;
  for (const { address, family } of addresses.slice(0, ADDRESSES_TRIED_MAX)) {
    const authority = `${family === 6 ? `[${address}]` : address}:${port}`;
    try {
      return await askForTunnel(proxy, names, authority, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

async function askForTunnel(
  proxy: EgressProxy,
  names: HostNames,
  authority: string,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = await reachProxy(proxy, names, signal);
  // The library does the talking; the connection is ours, before and after.
  const client = new Client("http://proxy", {
    headersTimeout: 0,
    connect(_, callback) {
      // Not at once: the library goes on only when it is called back later. Given a dead socket, it would ask for ever.
      queueMicrotask(() => {
        if (socket.destroyed) callback(new Error("it hung up"), null);
        else callback(null, socket);
      });
    },
  });
  const end = () => {
    socket.destroy();
    void client.destroy();
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    const { authorization } = proxy;
    const headers = {
      host: authority,
      ...(authorization === null ? {} : { "proxy-authorization": authorization.reveal() }),
    };
    const { statusCode } = await client.connect({ path: authority, headers });
    if (statusCode >= 200 && statusCode <= 299) return socket;
    throw new Error(`it answered ${statusCode}`);
  } catch (error) {
    socket.destroy();
    throw new ProxyFailed(
      `The egress proxy did not connect us to ${authority}: ${(error as Error).message}.`,
    );
  } finally {
    signal.removeEventListener("abort", end);
    await client.close().catch(() => {});
  }
}

async function reachProxy(
  { host, port }: EgressProxy,
  names: HostNames,
  signal: AbortSignal,
): Promise<Socket> {
  try {
    return await openTcp({ host, port, addresses: await names.find(host) }, signal);
  } catch (error) {
    throw new ProxyFailed(`The egress proxy at ${host}:${port} was not reached: ${(error as Error).message}`);
  }
}
