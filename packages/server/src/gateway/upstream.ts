/** The provider's API as a pool of connections. */
import { Pool } from "undici";

export interface UpstreamOptions {
  /** Scheme, host, and a base path if the API does not lie at the root. */
  readonly url: string;
  /** How long the upstream may take until it has sent its headers. */
  readonly timeoutMs: number;
  /** How long it may be silent in the middle of an answer; event streams send a comment now and then. */
  readonly silenceMsMax?: number;
  /** How many requests may be under way at once; the next is answered 503. */
  readonly inFlightMax?: number;
}

export interface Upstream {
  readonly pool: Pool;
  /** Begins with a slash and ends with none; empty for the root. */
  readonly basePath: string;
  readonly timeoutMs: number;
  readonly silenceMsMax: number;
  readonly inFlightMax: number;
  inFlight: number;
}

const CONNECT_MS_MAX = 10_000;
// Below the 5 s after which Node's own servers close an idle connection, so that we rarely write into a closed one.
const IDLE_MS_MAX = 4_000;
const SILENCE_MS_MAX = 300_000;
const IN_FLIGHT_MAX = 1_024;

export function connectUpstream(options: UpstreamOptions): Upstream {
  const url = new URL(options.url);
  const { timeoutMs, silenceMsMax = SILENCE_MS_MAX, inFlightMax = IN_FLIGHT_MAX } = options;
  const pool = new Pool(url.origin, {
    connections: inFlightMax,
    connectTimeout: Math.min(timeoutMs, CONNECT_MS_MAX),
    keepAliveTimeout: IDLE_MS_MAX,
    // What the upstream repeats as raw headers exists only in HTTP/1.1.
    allowH2: false,
  });
  return {
    pool,
    basePath: url.pathname.replace(/\/+$/, ""),
    timeoutMs,
    silenceMsMax,
    inFlightMax,
    inFlight: 0,
  };
}
