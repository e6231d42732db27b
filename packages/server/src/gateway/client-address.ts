/** Who a connection comes from, once the proxies that the provider trusts have been looked through. Pure. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIPv4 } from "node:net";
import { networkOf, plainAddress } from "../base/network-address.ts";

/** True for the address of a proxy whose word on forwarded requests is taken. */
export type IsTrusted = (address: string) => boolean;

export interface Hops {
  /** The other end of the socket; undefined once it is gone. */
  readonly peer: string | undefined;
  /** `X-Forwarded-For`, repeated ones joined by commas. */
  readonly forwardedFor: string | undefined;
}

/**
 * The caller's address: the rightmost one that no trusted proxy has, since everything left of it is only what
 * that caller claims. IPv6 comes as its /64, which one host commonly owns whole; IPv4 in IPv6 as IPv4.
 */
export function clientAddress({ peer, forwardedFor }: Hops, isTrusted: IsTrusted): string {
  let nearest = plainAddress(peer ?? "");
  if (nearest === null) return "unknown";
  const claimed = forwardedFor === undefined || !isTrusted(nearest) ? [] : forwardedFor.split(",");
  while (isTrusted(nearest)) {
    const next = plainAddress(claimed.pop() ?? "");
    // Nothing further, or nothing that is an address: the last proxy is all that is known.
    if (next === null) break;
    nearest = next;
  }
  return networkOf(nearest);
}

/** The same of a request. */
export function callerAddress({ socket, headers }: IncomingMessage, isTrusted: IsTrusted): string {
  const forwardedFor = headers["x-forwarded-for"]?.toString();
  return clientAddress({ peer: socket.remoteAddress, forwardedFor }, isTrusted);
}

/** Addresses and CIDR ranges as one question. Throws a RangeError that names the entry that is neither. */
export function trusting(ranges: readonly string[]): IsTrusted {
  if (ranges.length === 0) return () => false;
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.trim().split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    const bitsMax = family === "ipv4" ? 32 : 128;
    const prefix = bits === undefined ? bitsMax : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (plainAddress(address) === null || !(prefix <= bitsMax)) {
      throw new RangeError(`trusted proxies: "${range}" is no address or CIDR range such as 10.0.0.0/8`);
    }
    list.addSubnet(address, prefix, family);
  }
  return (address) => list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
