/** What the value of an option can be: how it is read from a file and from a text, and how it is printed. */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { fromBase64 } from "@trulinks/protocol";
import { formatListenAddress, type ListenAddress, parseListenAddress } from "../base/listen-address.ts";
import { Secret } from "../base/secret.ts";
import { parseHeaderList } from "./header-list.ts";

export interface Kind<Value> {
  /** Completes "Expected …". */
  readonly expects: string;
  /** Whether what stands there must not be shown. */
  readonly isSecret: boolean;
  /** Whether a file has to give it as a text. */
  readonly isText: boolean;
  /** What a variable or a flag says, as a file would say it: `"true"` becomes `true`. */
  fromText(text: string): unknown;
  /** Undefined: it is no such value. `folder` is where relative paths begin. */
  parse(given: unknown, folder: string): Value | undefined;
  /** For people and programs; a secret is masked. */
  print(value: Value): Printed;
  /** Set for lists: whether one item is good, so that a flaw can name the item. */
  readonly isItem?: (item: unknown) => boolean;
}

export type Printed = string | number | boolean | null | readonly string[];

export function textKind<Value>(
  kind: Pick<Kind<Value>, "expects" | "print"> & {
    readonly isSecret?: boolean;
    parseText(text: string, folder: string): Value | undefined;
  },
): Kind<Value> {
  return {
    expects: kind.expects,
    isSecret: kind.isSecret ?? false,
    isText: true,
    fromText: (text) => text,
    parse: (given, folder) => (typeof given === "string" ? kind.parseText(given, folder) : undefined),
    print: kind.print,
  };
}

export const listenAddress: Kind<ListenAddress> = textKind({
  expects: "HOST:PORT, such as 127.0.0.1:8080, [::1]:8080, or :8080 for every address",
  parseText: (text) => parseListenAddress(text) ?? undefined,
  print: formatListenAddress,
});

export const pathPrefix: Kind<string> = textKind({
  expects: "a path that begins with / and does not end with it, such as /integrations",
  parseText: (text) =>
    /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+){1,8}$/.test(text) && text.length <= 200 ? text : undefined,
  print: (prefix) => prefix,
});

export const filePath: Kind<string> = textKind({
  expects: "the path of a file or folder, at most 4096 characters on one line",
  parseText: (text, folder) => (/^[^\0\r\n]{1,4096}$/.test(text) ? resolve(folder, text) : undefined),
  print: (path) => path,
});

export const httpUrl: Kind<URL> = textKind({
  expects: "an http or https URL with origin and path only, such as https://api.example.com/v3",
  parseText: (text) => {
    const url = URL.parse(text);
    if (url === null || !["http:", "https:"].includes(url.protocol)) return undefined;
    const isBare = `${url.username}${url.password}${url.search}${url.hash}` === "" && !/[?#@]/.test(text);
    return isBare ? url : undefined;
  },
  print: (url) => url.href,
});

export const postgresUrl: Kind<Secret> = textKind({
  expects: "a PostgreSQL URL, such as postgres://trulinks:PASSWORD@db.example.com/trulinks",
  isSecret: true,
  parseText: (text) => {
    const url = URL.parse(text);
    return url !== null && ["postgres:", "postgresql:"].includes(url.protocol) ? new Secret(text) : undefined;
  },
  print: (secret) => withoutPassword(secret.reveal()),
});

export const visibleSecret: Kind<Secret> = textKind({
  expects: "24 to 256 visible ASCII characters, such as `openssl rand -hex 24` prints",
  isSecret: true,
  parseText: (text) => (/^[\x21-\x7e]{24,256}$/.test(text) ? new Secret(text) : undefined),
  print: String,
});

/** 32 bytes, kept as the base64 text they came as. */
export const keySecret: Kind<Secret> = textKind({
  expects: "32 bytes in base64 (44 characters), as `openssl rand -base64 32` prints them",
  isSecret: true,
  parseText: (text) => {
    const isKey = /^[A-Za-z0-9+/]{43}=?$/.test(text) && fromBase64(text)?.length === 32;
    return isKey ? new Secret(text) : undefined;
  },
  print: String,
});

/** Kept as the text it came as; `parseHeaderList` reads it. */
export const headerList: Kind<Secret> = textKind({
  expects: "headers as NAME=VALUE,NAME=VALUE, with `%2C` for a comma and `%25` for a percent sign in a value",
  isSecret: true,
  parseText: (text) => (parseHeaderList(text) === undefined ? undefined : new Secret(text)),
  print: String,
});

export function oneOf<const Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  return textKind({
    expects: `one of ${choices.join(", ")}`,
    parseText: (text) => choices.find((choice) => choice === text),
    print: (choice) => choice,
  });
}

export function integer({ min, max }: { readonly min: number; readonly max: number }): Kind<number> {
  return {
    expects: `a whole number from ${min} to ${max}`,
    isSecret: false,
    isText: false,
    fromText: (text) => (/^-?[0-9]{1,15}$/.test(text) ? Number(text) : text),
    parse: (given) => (Number.isInteger(given) && inRange(given as number) ? (given as number) : undefined),
    print: (value) => value,
  };

  function inRange(value: number): boolean {
    return value >= min && value <= max;
  }
}

export const share: Kind<number> = {
  expects: "a number from 0 to 1",
  isSecret: false,
  isText: false,
  fromText: (text) => (/^[01](\.[0-9]{1,9})?$/.test(text) ? Number(text) : text),
  parse: (given) => (typeof given === "number" && given >= 0 && given <= 1 ? given : undefined),
  print: (value) => value,
};

export const yesOrNo: Kind<boolean> = {
  expects: "true or false",
  isSecret: false,
  isText: false,
  fromText: (text) => (text === "true" || text === "false" ? text === "true" : text),
  parse: (given) => (typeof given === "boolean" ? given : undefined),
  print: (value) => value,
};

const NETWORKS_MAX = 1_000;

/** Addresses and networks, each as `ADDRESS/BITS`; a bare address stands for itself alone. */
export const networks: Kind<readonly string[]> = {
  expects: `a list of at most ${NETWORKS_MAX} addresses or networks, such as 10.0.0.0/8 or ::1`,
  isSecret: false,
  isText: false,
  fromText: (text) => text.split(",").map((part) => part.trim()),
  parse: (given) => {
    if (!Array.isArray(given) || given.length > NETWORKS_MAX || !given.every(isNetwork)) return undefined;
    return given.map((network: string) =>
      network.includes("/") ? network : `${network}/${bitsOf(network)}`,
    );
  },
  print: (value) => value,
  isItem: isNetwork,
};

function isNetwork(given: unknown): boolean {
  if (typeof given !== "string") return false;
  const [address = "", bits, ...more] = given.split("/");
  if (isIP(address) === 0 || address.includes("%") || more.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= bitsOf(address));
}

function bitsOf(address: string): number {
  return isIP(address) === 6 ? 128 : 32;
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password !== "") url.password = "hidden";
  for (const name of [...url.searchParams.keys()]) {
    if (/password/i.test(name)) url.searchParams.set(name, "hidden");
  }
  // `•` would be percent-encoded if it were set on the URL itself.
  return url.href.replace(/:hidden@/, ":•••@").replaceAll(/=hidden(?=&|#|$)/g, "=•••");
}
