/** One address with everything that every request to it meets: the limits on HTTP, and TLS that is kept current. */
import type { RequestListener } from "node:http";
import type { SecureContextOptions } from "node:tls";
import { createListener, type Listener, type ListenerOptions } from "../base/listener.ts";
import { SERVER_OPTIONS, serveWith } from "./server-options.ts";

export interface ServeOptions extends Pick<ListenerOptions, "name" | "address" | "clock"> {
  readonly listener: RequestListener;
  /** The page that explains the problems. */
  readonly documentation: string;
  /** Null: plain HTTP. */
  readonly tls: ServerTls | null;
}

export interface ServerTls {
  context(): { readonly cert: string; readonly key: string };
  /** Gives the server each new certificate. */
  keepCurrent(server: { setSecureContext(options: SecureContextOptions): void }): void;
}

export function serveOn({ name, address, clock, listener, documentation, tls }: ServeOptions): Listener {
  const made = createListener({
    name,
    address,
    clock,
    tls: tls?.context() ?? null,
    server: SERVER_OPTIONS,
  });
  serveWith(made.server, listener, documentation);
  if ("setSecureContext" in made.server) {
    tls?.keepCurrent(made.server as Parameters<ServerTls["keepCurrent"]>[0]);
  }
  return made;
}
