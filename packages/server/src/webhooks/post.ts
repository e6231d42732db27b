/** One POST to a receiver: no redirects, one deadline over everything, and an answer of bounded size. */
import type { Clock } from "../base/clock.ts";
import type { AddressPolicy } from "./addresses.ts";
import { createConnections } from "./connections.ts";
import { type ConnectTimings, createConnect } from "./connector.ts";
import type { AnswerTimings } from "./delivery.ts";
import { createDestinations } from "./destination.ts";
import { Exchange } from "./exchange.ts";
import type { HostNames } from "./host-names.ts";
import type { Outcome } from "./outcome.ts";
import { type ClientCertificate, createTlsContexts } from "./tls-contexts.ts";
import type { EgressProxy } from "./tunnel.ts";

export interface PostRequest {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** Over name, connection, TLS, sending and answer together. */
  readonly deadlineMs: number;
  readonly verifyTls: boolean;
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca: string | null;
}

export interface PostResult {
  readonly outcome: Outcome;
  /** What came of an answer, even where the outcome is that it was not whole in time. */
  readonly answer: Answer | null;
  readonly timings: AnswerTimings;
  /** What it took to get there, as far as it came; null or left out where an open connection was used. */
  readonly connected?: ConnectTimings | null;
  /** What went wrong, for the log; null where an answer came. */
  readonly detail: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** Up to `ANSWER_BYTES_MAX`, as text. */
  readonly body: string;
}

/** Never rejects: whatever happens is an outcome. */
export type Post = (request: PostRequest) => Promise<PostResult>;

export interface Poster {
  readonly post: Post;
  /** How many connections there are, and how many of them wait for the next request. */
  connections(): { readonly open: number; readonly free: number };
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface PosterDeps {
  readonly addresses: AddressPolicy;
  readonly names: HostNames;
  readonly clock: Pick<Clock, "now" | "monotonic" | "after">;
  /** What is shown to receivers that ask who we are, as it is now. */
  readonly clientCertificate?: () => ClientCertificate | null;
  /** Through which every connection goes; null: straight to the receiver. */
  readonly proxy?: EgressProxy | null;
  /** How many connections are kept open for the next request. */
  readonly freeMax?: number;
}

// A TLS connection that is kept costs us some 40 KiB, and a receiver a slot; one that is gone costs a handshake.
const FREE_MAX = 1_024;

export function createPoster(deps: PosterDeps): Poster {
  const { addresses, names, clock, clientCertificate = () => null, proxy = null, freeMax = FREE_MAX } = deps;
  const tlsContext = createTlsContexts(clientCertificate);
  const connect = createConnect({ addresses, names, clock, tlsContext, proxy });
  const connections = createConnections({ connect, clock, freeMax });
  const destinationOf = createDestinations();
  const exchangeDeps = { connections, clock };
  return {
    post: (request) =>
      new Promise((resolve) => {
        new Exchange(exchangeDeps, destinationOf(request), request, resolve);
      }),
    connections: connections.count,
    close: connections.close,
  };
}
