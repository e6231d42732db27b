/** What the host's own files say about names: `/etc/hosts`, and the search list of `/etc/resolv.conf`. */
import { isIP } from "node:net";

/** Host names in lower case, each with its addresses in the order of the file. */
export type HostsFile = ReadonlyMap<string, readonly string[]>;

export interface SearchList {
  readonly domains: readonly string[];
  /** A name with fewer dots is looked up within the domains before it is looked up as it stands. */
  readonly dotsMin: number;
}

// glibc reads no more of either since 2.26 than memory allows; whoever has more has a mistake in the file.
const DOMAINS_MAX = 32;
const DOTS_MIN_MAX = 15;

export function parseHostsFile(text: string): HostsFile {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = withoutComment(line);
    // A zone (`fe80::1%eth0`) leads to this machine's own links, where no hook may lead.
    if (isIP(address) === 0 || address.includes("%")) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const addresses = hosts.get(key);
      if (addresses === undefined) hosts.set(key, [address]);
      else if (!addresses.includes(address)) addresses.push(address);
    }
  }
  return hosts;
}

/** The last `search` or `domain` counts, as in resolv.conf(5). */
export function parseSearchList(text: string): SearchList {
  let domains: readonly string[] = [];
  let dotsMin = 1;
  for (const line of text.split("\n")) {
    const [keyword, ...values] = withoutComment(line);
    if (keyword === "search" || keyword === "domain") domains = values.slice(0, DOMAINS_MAX);
    if (keyword !== "options") continue;
    const dots = values.findLast((value) => /^ndots:[0-9]{1,3}$/.test(value));
    if (dots !== undefined) dotsMin = Math.min(Number(dots.slice("ndots:".length)), DOTS_MIN_MAX);
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, "")).filter(Boolean), dotsMin };
}

/**
 * The names to ask for, in this order, until one has addresses. A name with enough dots is asked for as it stands
 * only: nobody's `example.com` shall turn out to be our own `example.com.internal`.
 */
export function namesToAsk(name: string, { domains, dotsMin }: SearchList): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  if (name.split(".").length - 1 >= dotsMin) return [name];
  return [...domains.map((domain) => `${name}.${domain}`), name];
}

function withoutComment(line: string): readonly string[] {
  return line
    .replace(/[#;].*/, "")
    .split(/\s+/)
    .filter(Boolean);
}
