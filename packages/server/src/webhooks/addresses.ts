/**
 * Which URLs and addresses hooks may reach. Asked twice: about the URL when a hook is made, and about each address
 * before and after a connection is made, since only then it is known where a name leads.
 */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** What `hooks.allow_addresses` lists: exempt from the rules for scheme, address and port. */
export interface AddressPolicy {
  readonly allowed: readonly Network[];
}

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

export type AddressVerdict =
  | { readonly kind: "allowed" }
  /** `because` is a sentence for whoever owns the hook. */
  | { readonly kind: "refused"; readonly because: string };

export interface Target {
  readonly scheme: "http" | "https";
  readonly address: string;
  readonly port: number;
}

const ALLOWED: AddressVerdict = { kind: "allowed" };
const PORTS = "443 and 1024 to 65535";
const LOCALHOST_ADDRESSES = ["127.0.0.1", "::1"];

// Public by number, yet on Azure they answer every machine with what only that machine may know.
const METADATA_ADDRESSES = ["168.63.129.16"];

/** Throws with a sentence if one of `networks` is not an address with a prefix length, such as `10.0.0.0/8`. */
export function createAddressPolicy(networks: readonly string[]): AddressPolicy {
  return {
    allowed: networks.map((network) => {
      if (!ipaddr.isValidCIDR(network)) {
        throw new Error(
          `"${network}" is no network: expected an address and a prefix length, as in 127.0.0.0/8 or ::1/128.`,
        );
      }
      return ipaddr.parseCIDR(network);
    }),
  };
}

/** Judges a URL that somebody wants to make a hook for. Names are not resolved here, save `localhost`. */
export function judgeUrl(policy: AddressPolicy, text: string): AddressVerdict {
  // The URL parser drops tabs and line ends and trims the rest, so two spellings of a hook would lie side by side.
  if (/[\s\p{Cc}]/u.test(text)) return refused("The URL contains white space or a control character.");
  const url = URL.parse(text);
  if (url === null) return refused("This is no absolute URL, such as https://example.com/hooks.");
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refused(`The scheme ${url.protocol.slice(0, -1)} is not https.`);
  }
  // The URL parser mends these, and others read another host in them than it does.
  if (text.includes("\\") || !/^[a-z]+:\/\/[^/]/i.test(text)) {
    return refused("The URL is not spelled scheme://host/path, such as https://example.com/hooks.");
  }
  if (url.username !== "" || url.password !== "") return refused("The URL contains a user name or password.");
  if (url.hash !== "" || text.endsWith("#")) return refused("The URL contains a fragment (#…).");

  const scheme = url.protocol === "https:" ? "https" : "http";
  const addresses = literalAddresses(url.hostname);
  if (addresses === null) return judgeHostName(url.hostname) ?? judgeByName(scheme, portOf(url));
  const verdicts = addresses.map((address) => judgeAddress(policy, { scheme, address, port: portOf(url) }));
  return verdicts.find((verdict) => verdict.kind === "allowed") ?? verdicts[0] ?? ALLOWED;
}

/** Judges an address that is about to be connected to. */
export function judgeAddress(policy: AddressPolicy, { scheme, address, port }: Target): AddressVerdict {
  if (!ipaddr.isValid(address)) return refused(`${address} is no IP address.`);
  const parsed = ipaddr.parse(address);
  if (policy.allowed.some((network) => contains(network, parsed))) {
    // Who lists a NAT64 prefix means the hosts of the internet behind it, not all that it can lead to.
    const inner = innerIpv4(parsed);
    return inner === null ? ALLOWED : judgeAddress(policy, { scheme, address: inner, port });
  }
  if (!isPublic(parsed)) return refused(`${address} is not a public address (${kindOf(parsed)}).`);
  return judgeByName(scheme, port);
}

/** Whether two URLs lead to one receiver: scheme, host, port and path. What follows is for the receiver to read. */
export function isSameReceiver(left: string, right: string): boolean {
  const [one, other] = [URL.parse(left), URL.parse(right)];
  return one?.origin === other?.origin && one?.pathname === other?.pathname;
}

/** The port a URL leads to. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** The addresses that a URL's host stands for without asking anybody, or null if it is a name to look up. */
export function literalAddresses(hostname: string): readonly string[] | null {
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname.replace(/\.$/, "");
  if (isIP(host) !== 0) return [host];
  return host === "localhost" || host.endsWith(".localhost") ? LOCALHOST_ADDRESSES : null;
}

// RFC 1035, section 2.3.4.
const HOST_NAME_CHARACTERS_MAX = 253;
const LABEL_PATTERN = /^[^.]{1,63}$/;

function judgeHostName(hostname: string): AddressVerdict | null {
  const name = hostname.replace(/\.$/, "");
  if (name.length <= HOST_NAME_CHARACTERS_MAX && name.split(".").every((label) => LABEL_PATTERN.test(label)))
    return null;
  return refused(
    `The host name is none: expected parts of 1 to 63 characters between dots, at most ${HOST_NAME_CHARACTERS_MAX} in all.`,
  );
}

function judgeByName(scheme: "http" | "https", port: number): AddressVerdict {
  if (scheme !== "https") return refused("The URL is plain http; hooks are reached over https.");
  if (port !== 443 && port < 1_024) return refused(`Port ${port} is not among those of hooks: ${PORTS}.`);
  return ALLOWED;
}

function contains(network: Network, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return network[0].kind() === address.kind() && address.match(network as [ipaddr.IPv4, number]);
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast" || METADATA_ADDRESSES.includes(address.toString())) return false;
  // 2000::/3 is all that is given out. What lies outside of it and has no name, such as IPv4 in ::/96, is not public.
  return address.kind() === "ipv4" || ((address as ipaddr.IPv6).parts[0] ?? 0) >> 13 === 1;
}

/** How many of an IPv6 address's eight groups come before the IPv4 address within it, by the prefix that says so. */
const INNER_IPV4: readonly (readonly [Network, number])[] = (
  [
    ["::ffff:0:0/96", 6],
    ["::ffff:0:0:0/96", 6],
    ["::/96", 6],
    // NAT64 (RFC 6052, RFC 8215). Of the local prefix the longest form is understood, whose last groups are the address.
    ["64:ff9b::/96", 6],
    ["64:ff9b:1::/48", 6],
    ["2002::/16", 1],
  ] as const
).map(([network, groups]) => [ipaddr.parseCIDR(network), groups]);
const TEREDO = ipaddr.parseCIDR("2001::/32");

/** The IPv4 address to which a gateway on the way may send what is for this one. */
function innerIpv4(address: ipaddr.IPv4 | ipaddr.IPv6): string | null {
  // `::` and `::1` look like IPv4-compatible addresses and are none.
  if (address.kind() === "ipv4" || ["unspecified", "loopback"].includes(address.range())) return null;
  const { parts } = address as ipaddr.IPv6;
  if (contains(TEREDO, address)) return ipv4Of(parts.slice(6).map((part) => part ^ 0xffff));
  const groups = INNER_IPV4.find(([network]) => contains(network, address))?.[1];
  return groups === undefined ? null : ipv4Of(parts.slice(groups, groups + 2));
}

function ipv4Of([high = 0, low = 0]: readonly number[]): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

function kindOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const range = address.range();
  return range === "unicast" ? "reserved" : range;
}

function refused(because: string): AddressVerdict {
  return { kind: "refused", because };
}
