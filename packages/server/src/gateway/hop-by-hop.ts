/** Headers that belong to one connection and must not travel on (RFC 9110, 7.6.1). Pure. */

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

const NONE: ReadonlySet<string> = new Set();

/** `name` in lower case; `nominated` are the names that the message's own `Connection` lists. */
export function isHopByHop(name: string, nominated: ReadonlySet<string>): boolean {
  return HOP_BY_HOP.has(name) || name.startsWith("proxy-") || nominated.has(name);
}

/** The names that the `Connection` headers of one message list, in lower case. */
export function nominatedBy(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined) return NONE;
  const names = connection.toLowerCase().split(",");
  return new Set(names.map((name) => name.trim()));
}
