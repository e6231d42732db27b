/**
 * Which addresses a host name has. `dns.lookup` is not used: it holds one of four threads for as long as a name server
 * is silent, so four names that hang would stop every other lookup, and every file that is read. Here names never wait
 * for one another.
 */
import { type LookupAddress, type RecordWithTtl, Resolver } from "node:dns";
import { isIP } from "node:net";
import type { Clock } from "../base/clock.ts";
import { literalAddresses } from "./addresses.ts";
import { namesToAsk, parseHostsFile, parseSearchList } from "./name-files.ts";

export interface HostNames {
  /** All addresses, at least one; rejects with `NameNotFound`, after at most some seconds for each name asked for. */
  find(hostname: string): Promise<readonly LookupAddress[]>;
}

export interface HostNamesDeps {
  readonly clock: Pick<Clock, "monotonic" | "after">;
  /** Name servers as `address` or `address:port`; empty: those of this host. */
  readonly servers: readonly string[];
  /** Null: there is no such file. */
  readonly readText: (path: string) => Promise<string | null>;
}

export class NameNotFound extends Error {
  readonly code = "NAME_NOT_FOUND";
}

const HOSTS_FILE = process.platform === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\hosts" : "/etc/hosts";
const RESOLVER_FILE = "/etc/resolv.conf";

// Nothing that is known about a name is believed for longer, whatever its TTL: a receiver that moves is found at once,
// and a burst of new connections to one host asks once.
const KNOWN_MS_MAX = 5_000;
const KNOWN_COUNT_MAX = 10_000;
// A name server that answers at all does so within this; the first one of several may be down.
const ASK_TIMEOUT_MS = 1_500;
const ASK_TRIES = 3;
// RFC 8305, section 3: how long the other family of addresses is waited for once one is there.
const OTHER_FAMILY_MS = 50;
// After that `/etc/resolv.conf` is read anew, with whatever servers stand there by then.
const RESOLVER_MS_MAX = 60_000;

interface Known {
  readonly addresses: Promise<readonly LookupAddress[]>;
  untilMs: number;
}

interface Found {
  readonly addresses: readonly LookupAddress[];
  readonly keptMs: number;
}

export function createHostNames(deps: HostNamesDeps): HostNames {
  const { clock } = deps;
  const known = new Map<string, Known>();
  const currentResolver = createCurrentResolver(deps);
  const currentFiles = createCurrentFiles(deps);

  async function lookUp(name: string): Promise<Found> {
    const { hosts, search } = await currentFiles();
    const inFile = hosts.get(name.replace(/\.$/, ""));
    if (inFile !== undefined) return { addresses: inFile.map(toLookupAddress), keptMs: KNOWN_MS_MAX };
    const failures: string[] = [];
    for (const candidate of namesToAsk(name, search)) {
      const found = await askBothFamilies(clock, currentResolver(), candidate);
      if (typeof found !== "string") return found;
      failures.push(`${candidate}: ${found}`);
    }
    throw new NameNotFound(failures.join(", "));
  }

  function remember(name: string): Known {
    const found = lookUp(name);
    const entry: Known = {
      addresses: found.then(({ addresses }) => addresses),
      untilMs: Number.POSITIVE_INFINITY,
    };
    const forget = () => {
      if (known.get(name) === entry) known.delete(name);
    };
    // Failures are not kept: a name that was just made is found by the next attempt.
    found.then(({ keptMs }) => {
      entry.untilMs = clock.monotonic() + keptMs;
    }, forget);
    known.delete(name);
    known.set(name, entry);
    const [oldest] = known.keys();
    if (known.size > KNOWN_COUNT_MAX && oldest !== undefined) known.delete(oldest);
    return entry;
  }

  return {
    find(hostname) {
      const literals = literalAddresses(hostname);
      if (literals !== null) return Promise.resolve(literals.map(toLookupAddress));
      const name = hostname.toLowerCase();
      const entry = known.get(name);
      if (entry !== undefined && clock.monotonic() < entry.untilMs) return entry.addresses;
      return remember(name).addresses;
    },
  };
}

function createCurrentResolver({ clock, servers }: HostNamesDeps): () => Resolver {
  let resolver: Resolver | null = null;
  let untilMs = 0;
  return () => {
    if (resolver !== null && clock.monotonic() < untilMs) return resolver;
    resolver = new Resolver({ timeout: ASK_TIMEOUT_MS, maxTimeout: ASK_TIMEOUT_MS, tries: ASK_TRIES });
    if (servers.length > 0) resolver.setServers([...servers]);
    untilMs = clock.monotonic() + RESOLVER_MS_MAX;
    return resolver;
  };
}

interface NameFiles {
  readonly hosts: ReturnType<typeof parseHostsFile>;
  readonly search: ReturnType<typeof parseSearchList>;
}

function createCurrentFiles({ clock, readText }: HostNamesDeps): () => Promise<NameFiles> {
  let files: Promise<NameFiles> | null = null;
  let untilMs = 0;
  async function read(): Promise<NameFiles> {
    const [hosts, resolver] = await Promise.all([readText(HOSTS_FILE), readText(RESOLVER_FILE)]);
    return { hosts: parseHostsFile(hosts ?? ""), search: parseSearchList(resolver ?? "") };
  }
  return () => {
    if (files !== null && clock.monotonic() < untilMs) return files;
    files = read();
    untilMs = clock.monotonic() + KNOWN_MS_MAX;
    return files;
  };
}

/** Both families at once; a text says why there is no address. */
function askBothFamilies(
  clock: HostNamesDeps["clock"],
  resolver: Resolver,
  name: string,
): Promise<Found | string> {
  const { promise, resolve } = Promise.withResolvers<Found | string>();
  // IPv4 first, since more hosts have a way to it; where one leads nowhere the other is tried after a moment.
  const byFamily: Record<4 | 6, readonly LookupAddress[]> = { 4: [], 6: [] };
  const failures: string[] = [];
  let keptMs = KNOWN_MS_MAX;
  let answers = 0;

  const conclude = () => {
    const addresses = [...byFamily[4], ...byFamily[6]];
    resolve(addresses.length > 0 ? { addresses, keptMs } : worstOf(failures));
  };
  const answered = (
    family: 4 | 6,
    error: NodeJS.ErrnoException | null,
    records: readonly RecordWithTtl[] = [],
  ) => {
    if (error !== null) failures.push(error.code ?? error.message);
    byFamily[family] = records.map(({ address }) => ({ address, family }));
    keptMs = Math.min(keptMs, ...records.map(({ ttl }) => ttl * 1_000));
    answers++;
    if (answers === 2) conclude();
    else if (records.length > 0) clock.after(OTHER_FAMILY_MS, conclude);
  };
  resolver.resolve4(name, { ttl: true }, (error, records) => answered(4, error, records));
  resolver.resolve6(name, { ttl: true }, (error, records) => answered(6, error, records));
  return promise;
}

/** Of two failures, the one that is not merely "there is none". */
function worstOf(failures: readonly string[]): string {
  return failures.find((code) => code !== "ENODATA" && code !== "ENOTFOUND") ?? failures[0] ?? "ENODATA";
}

function toLookupAddress(address: string): LookupAddress {
  return { address, family: isIP(address) };
}
