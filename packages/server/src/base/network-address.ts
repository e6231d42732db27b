/** Addresses of hosts as texts that can be compared. Pure. */
import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";

/** An address without port, brackets and zone, IPv4 in IPv6 as IPv4; null if the text is none. */
export function plainAddress(text: string): string | null {
  const trimmed = text.trim();
  const withoutPort =
    /^\[([^\]]+)\](?::[0-9]{1,5})?$/.exec(trimmed)?.[1] ?? trimmed.replace(/^([0-9.]+):[0-9]{1,5}$/, "$1");
  if (isIPv4(withoutPort)) return withoutPort;
  const address = withoutPort.replace(/%.*$/, "");
  if (!isIPv6(address)) return null;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String();
}

/** IPv4 as it is; of IPv6 the /64, which one host commonly owns whole. `address`: as `plainAddress` gives it. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const { parts } = ipaddr.IPv6.parse(address);
  return `${new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]).toRFC5952String()}/64`;
}
