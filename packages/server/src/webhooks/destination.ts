/** Where a post goes, from its URL and its terms; worked out once for each, since a hook gets many. */

import { portOf } from "./addresses.ts";
import type { Route } from "./connections.ts";
import type { PostRequest } from "./post.ts";

export interface Destination {
  readonly route: Route;
  /** With the query. */
  readonly path: string;
}

export type DestinationOf = (request: Pick<PostRequest, "url" | "verifyTls" | "ca">) => Destination;

// Some 500 bytes each.
const KNOWN_MAX = 10_000;

export function createDestinations(): DestinationOf {
  const secured = new Map<string, Destination>();
  const unverified = new Map<string, Destination>();
  return (request) => {
    // A hook's own authority is a long text to look up by; few hooks have one.
    if (request.ca !== null) return destinationOf(request);
    const known = request.verifyTls ? secured : unverified;
    const destination = known.get(request.url);
    if (destination !== undefined) return destination;
    if (known.size >= KNOWN_MAX) known.clear();
    const made = destinationOf(request);
    known.set(request.url, made);
    return made;
  };
}

function destinationOf({ url, verifyTls, ca }: Parameters<DestinationOf>[0]): Destination {
  const parsed = new URL(url);
  const { origin, hostname, protocol, pathname, search } = parsed;
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  const scheme = protocol === "https:" ? "https" : "http";
  const receiver = { scheme, host, port: portOf(parsed), verifyTls, ca } as const;
  return { route: { key: `${origin} ${verifyTls} ${ca ?? ""}`, origin, receiver }, path: pathname + search };
}
