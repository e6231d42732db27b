import { BlockList, isIP, isIPv6 } from "node:net";

export interface ListenAddress {
  /** A name or address, IPv6 without brackets. Null: every address of this machine. */
  readonly host: string | null;
  /** 0: any port that is free. */
  readonly port: number;
}

const PORT_MAX = 65_535;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const DIGITS_AND_DOTS = /^[0-9.]+$/;

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Reads `HOST:PORT`, `[IPv6]:PORT` or `:PORT`; null if it is none of them. */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  if (match === null) return null;

  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port > PORT_MAX) return null;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : null;
  if (plain === undefined || plain === "") return { host: null, port };
  return isHost(plain) ? { host: plain, port } : null;
}

export function formatListenAddress({ host, port }: ListenAddress): string {
  if (host === null) return `:${port}`;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True if only this machine can reach the address. A name is taken for reachable unless it is `localhost`. */
export function isLoopback({ host }: ListenAddress): boolean {
  if (host === null) return false;
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === "localhost";
  return loopback.check(host, version === 6 ? "ipv6" : "ipv4");
}

function isHost(text: string): boolean {
  // `127.1` and `256.0.0.1` are no host names; resolvers disagree about what they mean.
  return DIGITS_AND_DOTS.test(text) ? isIP(text) === 4 : HOST_NAME.test(text);
}
