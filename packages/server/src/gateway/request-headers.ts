/** The headers with which a request goes on to the upstream. Pure. */
import { PLATFORM_HEADER_PREFIX } from "@trulinks/protocol";
import { isHopByHop, nominatedBy } from "./hop-by-hop.ts";

export type HeaderPairs = readonly (readonly [string, string])[];

export interface Arrived {
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** All `Connection` headers, joined by commas. */
  readonly connection: string | undefined;
  /** The other end of the socket. */
  readonly peer: string;
  /** The peer is a proxy whose word on where the request came from is taken. */
  readonly isPeerTrusted: boolean;
  /** How the peer reached this server. */
  readonly scheme: "http" | "https";
  /** The host that was asked for, from an absolute target or else from `Host`. */
  readonly host: string | undefined;
}

/** Names and values in turn. `Host` is left out: the client towards the upstream sets that of the upstream. */
export function upstreamHeaders(arrived: Arrived, identity: HeaderPairs): string[] {
  const { rawHeaders, isPeerTrusted } = arrived;
  const nominated = nominatedBy(arrived.connection);
  const headers: string[] = [];
  const claimed = { for: [] as string[], proto: "", host: "" };
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    // CGI, WSGI and their kin turn `-` into `_`, so that an underscore form would be read as the real header.
    const read = name.toLowerCase().replaceAll("_", "-");
    if (isOurs(read) || isHopByHop(read, nominated)) continue;
    if (!isForwarding(read)) headers.push(name, value);
    // A trusted proxy sets the real header, and may pass a caller's underscore form on unseen.
    else if (!isPeerTrusted || name.includes("_")) continue;
    else if (read === "x-forwarded-for") claimed.for.push(value);
    else if (read === "x-forwarded-proto") claimed.proto = value;
    else if (read === "x-forwarded-host") claimed.host = value;
    else headers.push(name, value);
  }
  headers.push("X-Forwarded-For", [...claimed.for, arrived.peer].join(", "));
  headers.push("X-Forwarded-Proto", claimed.proto || arrived.scheme);
  const host = claimed.host || arrived.host;
  if (host) headers.push("X-Forwarded-Host", host);
  headers.push("Via", "1.1 trulinks");
  for (const [name, value] of identity) headers.push(name, value);
  return headers;
}

/** What only the platform may say to an upstream, and what it keeps to itself: the credentials that it issued. */
function isOurs(name: string): boolean {
  return (
    name.startsWith(PLATFORM_HEADER_PREFIX) ||
    name === "authorization" ||
    name === "host" ||
    name === "expect"
  );
}

function isForwarding(name: string): boolean {
  return name.startsWith("x-forwarded-") || name === "forwarded" || name === "x-real-ip";
}
