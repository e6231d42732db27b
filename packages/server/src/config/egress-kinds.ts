/** Values of options that say how deliveries find their way out. */
import { isIP } from "node:net";
import { Secret } from "../base/secret.ts";
import { type Kind, textKind } from "./kinds.ts";

/** An HTTP proxy that tunnels by CONNECT. */
export interface ProxyUrl {
  /** A name or an address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`; null: no user was given. */
  readonly authorization: Secret | null;
}

const PROXY_CHARACTERS_MAX = 2_048;

export const proxyUrl: Kind<ProxyUrl> = textKind({
  expects: "an http URL with host and port only, such as http://egress.internal.example.com:3128",
  isSecret: true,
  parseText: (text) => {
    const url = text.length <= PROXY_CHARACTERS_MAX ? URL.parse(text) : null;
    if (url === null || url.protocol !== "http:" || url.pathname !== "/" || /[?#]/.test(text))
      return undefined;
    const authorization = basicOf(url);
    if (authorization === undefined) return undefined;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    return { host, port: url.port === "" ? 80 : Number(url.port), authorization };
  },
  print: ({ host, port, authorization }) =>
    `http://${authorization === null ? "" : "•••@"}${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
});

const NAME_SERVERS_MAX = 8;

/** Each as `address` or `address:port`, IPv6 with a port within brackets. */
export const nameServers: Kind<readonly string[]> = {
  expects: `a list of at most ${NAME_SERVERS_MAX} addresses, each with a port if that is not 53, such as 192.0.2.53 or [2001:db8::53]:5353`,
  isSecret: false,
  isText: false,
  fromText: (text) => text.split(",").map((part) => part.trim()),
  parse: (given) =>
    Array.isArray(given) && given.length <= NAME_SERVERS_MAX && given.every(isNameServer) ? given : undefined,
  print: (value) => value,
  isItem: isNameServer,
};

function isNameServer(given: unknown): boolean {
  if (typeof given !== "string" || given.includes("%")) return false;
  if (isIP(given) !== 0) return true;
  const [, address = "", port = ""] = /^(.+):([0-9]{1,5})$/.exec(given) ?? [];
  const isBracketed = address.startsWith("[") && address.endsWith("]");
  const family = isIP(isBracketed ? address.slice(1, -1) : address);
  return family === (isBracketed ? 6 : 4) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** Undefined: a password without a user, or an escape that cannot be read. */
function basicOf({ username, password }: URL): Secret | null | undefined {
  if (username === "") return password === "" ? null : undefined;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return new Secret(`Basic ${Buffer.from(credentials).toString("base64")}`);
  } catch {
    return undefined;
  }
}
