/** Who a connection comes from, once the proxies that the provider trusts have been looked through. Pure. */

/** True for the address of a proxy whose word on forwarded requests is taken. */
export type IsTrusted = (address: string) => boolean;

export interface Hops {
  /** The other end of the connection; undefined once it is gone. */
  readonly peer: string | undefined;
  /** `X-Forwarded-For`, repeated ones joined by commas. */
  readonly forwardedFor: string | undefined;
}

/** Eight numbers of 16 bits; IPv4 as the IPv6 addresses that stand for it. */
type Address = readonly number[];

const IPV4_PREFIX: Address = [0, 0, 0, 0, 0, 0xffff];
const IPV4_BITS_BEFORE = 96;

/**
 * The rightmost address that no trusted proxy has, since everything left of it is only what that caller claims.
 * IPv6 comes as its /64, which one host commonly owns whole; IPv4 in IPv6 as IPv4.
 */
export function clientAddress({ peer, forwardedFor }: Hops, isTrusted: IsTrusted): string {
  let nearest = peer ?? "";
  const claimed = forwardedFor === undefined ? [] : forwardedFor.split(",");
  while (isTrusted(nearest)) {
    const next = (claimed.pop() ?? "").trim();
    // Nothing further, or nothing that is an address: the last proxy is all that is known.
    if (parseAddress(next) === null) break;
    nearest = next;
  }
  return networkOf(nearest);
}

/** Addresses and CIDR ranges as one question. Throws a RangeError that names the entry that is neither. */
export function trusting(ranges: readonly string[]): IsTrusted {
  const parsed = ranges.map(parseRange);
  if (parsed.length === 0) return () => false;
  return (text) => {
    const address = parseAddress(text);
    return address !== null && parsed.some(({ base, bits }) => hasPrefix(address, base, bits));
  };
}

/** An address, with a port, brackets or a zone or without; null if the text is none. */
export function parseAddress(text: string): Address | null {
  const bare =
    /^\[([^\]]*)\](?::[0-9]{1,5})?$/.exec(text)?.[1] ?? text.replace(/^([0-9.]+):[0-9]{1,5}$/, "$1");
  const ipv4 = parseIpv4(bare);
  if (ipv4 !== null) return [...IPV4_PREFIX, ...ipv4];
  return parseIpv6(bare.replace(/%.*$/, ""));
}

function networkOf(text: string): string {
  const address = parseAddress(text);
  if (address === null) return "unknown";
  const [, , , , , , high = 0, low = 0] = address;
  if (hasPrefix(address, IPV4_PREFIX, IPV4_BITS_BEFORE)) {
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  return `${address
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

function parseRange(range: string): { readonly base: Address; readonly bits: number } {
  const [text = "", prefix, ...more] = range.trim().split("/");
  const base = parseAddress(text);
  const isIpv4 = parseIpv4(text) !== null;
  const bitsMax = isIpv4 ? 32 : 128;
  const bits = prefix === undefined ? bitsMax : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (base === null || !(bits <= bitsMax) || more.length > 0) {
    throw new RangeError(`trustProxy: "${range}" is no address or CIDR range such as 10.0.0.0/8`);
  }
  return { base, bits: isIpv4 ? bits + IPV4_BITS_BEFORE : bits };
}

function hasPrefix(address: Address, base: Address, bits: number): boolean {
  return address.every((group, index) => {
    const within = Math.min(16, Math.max(0, bits - index * 16));
    return group >> (16 - within) === (base[index] ?? 0) >> (16 - within);
  });
}

function parseIpv4(text: string): Address | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  const [first = 256, second = 256, third = 256, fourth = 256] = parts ?? [];
  if (Math.max(first, second, third, fourth) > 255) return null;
  return [first * 256 + second, third * 256 + fourth];
}

function parseIpv6(text: string): Address | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  // Only the last 32 bits may be written as IPv4.
  const [left, right] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (!left || right === null) return null;
  if (right === undefined) return left.length === 8 ? left : null;
  const zeros = 8 - left.length - right.length;
  return zeros < 1 ? null : [...left, ...new Array<number>(zeros).fill(0), ...right];
}

function parseGroups(text: string, mayEndInIpv4: boolean): Address | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : null;
    if (ipv4 !== null) groups.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}
