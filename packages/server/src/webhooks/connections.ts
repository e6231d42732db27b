/**
 * Connections to receivers. One carries one request at a time and is kept open for the next one, for a while and up to
 * a number; hooks with the same origin and the same terms share them. Nothing of an origin is left when its last
 * connection is gone.
 */
import type { Socket } from "node:net";
import { Client } from "undici";
import type { Clock } from "../base/clock.ts";
import type { Connect, ConnectTimings, Receiver } from "./connector.ts";

export interface Connections {
  /** One that is free, the latest used first, or a new one. */
  take(route: Route): Connection;
  /** A new one, whatever is free. */
  open(route: Route): Connection;
  /** Its request is done, and it is free for the next one. */
  free(connection: Connection): void;
  /** Ends it and whatever is under way on it. */
  end(connection: Connection): void;
  /** How many there are, and how many of them are free. */
  count(): { readonly open: number; readonly free: number };
  close(): Promise<void>;
}

/** What requests must have in common to share a connection. */
export interface Route {
  /** Equal for equal receivers. */
  readonly key: string;
  readonly origin: string;
  readonly receiver: Receiver;
}

export interface Connection {
  readonly route: Route;
  readonly client: Client;
  readonly ending: AbortController;
  /** Requests begun since it was connected; from the second on the receiver may just be closing it. */
  requests: number;
  /** How far it has come. */
  stage: "name" | "address" | "connected";
  /** What it took to come so far; null before its name is found. */
  timings: ConnectTimings | null;
  /** From then on no new request begins on it. */
  validUntilMs: number;
}

export interface ConnectionsDeps {
  readonly connect: Connect;
  readonly clock: Pick<Clock, "now">;
  /** Free connections in all. */
  readonly freeMax: number;
}

// Servers close after 5 s (Node, which says so; Apache) to 75 s (nginx). One that is faster than we are costs one
// repetition, see `Exchange`.
const FREE_MS_MAX = 15_000;
const FREE_MS_MAX_AS_ASKED = 60_000;
// A receiver that moves to another address or certificate is followed there within this time.
const AGE_MS_MAX = 300_000;
/** Of the head of an answer, and of its trailers. */
export const ANSWER_HEAD_BYTES_MAX = 16 * 1024;

export function createConnections({ connect, clock, freeMax }: ConnectionsDeps): Connections {
  const all = new Set<Connection>();
  /** Those that are free, the one that has been so for longest first. */
  const free = new Set<Connection>();
  const freeByRoute = new Map<string, Connection[]>();

  function open(route: Route): Connection {
    const ending = new AbortController();
    const client = new Client(route.origin, {
      connect: (_, callback) => void connectFor(connection, callback),
      // One deadline is kept elsewhere, over everything.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: FREE_MS_MAX,
      keepAliveMaxTimeout: FREE_MS_MAX_AS_ASKED,
      maxHeaderSize: ANSWER_HEAD_BYTES_MAX,
    });
    const connection: Connection = {
      route,
      client,
      ending,
      requests: 0,
      stage: "name",
      timings: null,
      validUntilMs: 0,
    };
    client.on("disconnect", () => {
      if (withdraw(connection)) end(connection);
    });
    all.add(connection);
    return connection;
  }

  type Callback = (...given: [null, Socket] | [Error, null]) => void;

  async function connectFor(connection: Connection, callback: Callback): Promise<void> {
    const { route, ending } = connection;
    connection.stage = "name";
    connection.timings = null;
    try {
      const { socket, timings, validUntilMs } = await connect(route.receiver, ending.signal, (reached) => {
        connection.stage = "address";
        connection.timings = reached;
      });
      // Given a dead socket, the library would ask for another one at once, for ever.
      if (socket.destroyed) throw socket.errored ?? new Error("The connection was closed.");
      connection.requests = 0;
      connection.stage = "connected";
      connection.timings = timings;
      connection.validUntilMs = Math.min(validUntilMs, clock.now() + AGE_MS_MAX);
      callback(null, socket);
    } catch (error) {
      callback(error as Error, null);
    }
  }

  /** False: it was not free. */
  function withdraw(connection: Connection): boolean {
    if (!free.delete(connection)) return false;
    const { key } = connection.route;
    const ofRoute = freeByRoute.get(key) ?? [];
    ofRoute.splice(ofRoute.lastIndexOf(connection), 1);
    if (ofRoute.length === 0) freeByRoute.delete(key);
    return true;
  }

  function end(connection: Connection): void {
    withdraw(connection);
    if (!all.delete(connection)) return;
    connection.ending.abort(new Error("The connection was ended."));
    void connection.client.destroy();
  }

  return {
    take(route) {
      for (;;) {
        const connection = freeByRoute.get(route.key)?.at(-1);
        if (connection === undefined) return open(route);
        withdraw(connection);
        if (clock.now() < connection.validUntilMs) return connection;
        end(connection);
      }
    },
    open,
    free(connection) {
      if (!all.has(connection)) return;
      const { key } = connection.route;
      const ofRoute = freeByRoute.get(key);
      if (ofRoute === undefined) freeByRoute.set(key, [connection]);
      else ofRoute.push(connection);
      free.add(connection);
      if (free.size <= freeMax) return;
      const [oldest] = free;
      if (oldest !== undefined) end(oldest);
    },
    end,
    count: () => ({ open: all.size, free: free.size }),
    async close() {
      const clients = [...all].map(({ client }) => client);
      for (const connection of all) end(connection);
      await Promise.all(clients.map((client) => client.destroy()));
    },
  };
}
