/** One address that is listened on, as a part of the process: bound at start, drained at stop. */
import { once } from "node:events";
import { createServer as createHttpServer, type Server, type ServerOptions } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, isIPv6 } from "node:net";
import type { Clock } from "./clock.ts";
import type { Part } from "./lifecycle.ts";
import { formatListenAddress, type ListenAddress } from "./listen-address.ts";
import { StartRefused } from "./start-refused.ts";

export interface Listener extends Part {
  readonly server: Server;
  /** Where it is reached, once it has started; with the port that was taken if 0 was asked for. */
  url(): string;
}

export interface ListenerOptions {
  /** `public` or `provider`: the option whose address is meant. */
  readonly name: "public" | "provider";
  readonly address: ListenAddress;
  /** Null: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly server: ServerOptions;
  readonly clock: Pick<Clock, "after">;
}

// Longer than any answer of the platform's own takes; a stream that goes on is then cut.
const DRAIN_MS_MAX = 10_000;

export function createListener({ name, address, tls, server: options, clock }: ListenerOptions): Listener {
  const server: Server = tls ? createHttpsServer({ ...options, ...tls }) : createHttpServer(options);
  return {
    name: `${name} listener`,
    server,
    url() {
      const { port } = server.address() as AddressInfo;
      const host = address.host ?? "localhost";
      return `${tls ? "https" : "http"}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
    },
    async start() {
      server.listen(address.port, address.host ?? undefined);
      try {
        await once(server, "listening");
      } catch (error) {
        throw refused(name, address, error);
      }
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      const cancel = clock.after(DRAIN_MS_MAX, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

function refused(name: "public" | "provider", address: ListenAddress, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const because = LISTEN_FAILURES[code];
  if (because === undefined) return error;
  const variable = `TRULINKS_${name.toUpperCase()}`;
  return new StartRefused(
    `The ${name} listener cannot have ${formatListenAddress(address)}: ${because}. Choose another with --${name} HOST:PORT or ${variable}.`,
    { cause: error },
  );
}

const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "this process may not use that port",
  ENOTFOUND: "the host name is not known",
};
